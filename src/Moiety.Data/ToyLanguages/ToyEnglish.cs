using System.Text;
using Moiety.Data.Narration;

namespace Moiety.Data.ToyLanguages;

/// <summary>Writes the meaning of a toy sentence in English.</summary>
internal static class ToyEnglish
{
    internal static string Write(ToySentence sentence)
    {
        StringBuilder text = new("The ");
        Phrase(text, sentence.Subject);
        text.Append(' ').Append(sentence.Tense switch
        {
            ToyTense.Past => sentence.Verb.Other,
            ToyTense.Future => $"will {sentence.Verb.Name}",
            _ => sentence.Subject.Plural ? sentence.Verb.Name : Verbs.Inflect(sentence.Verb.Name, VerbForm.Present),
        });
        if (sentence.Object is not null)
        {
            text.Append(" the ");
            Phrase(text, sentence.Object);
        }

        if (sentence.Recipient is not null)
        {
            text.Append(" to the ");
            Phrase(text, sentence.Recipient);
        }

        if (sentence.Place is not null)
        {
            text.Append(' ').Append(sentence.Verb.Class == ToyClass.Motion ? "to" : sentence.Place.Other).Append(" the ").Append(sentence.Place.Name);
        }

        return text.Append('.').ToString();
    }

    private static void Phrase(StringBuilder text, ToyPhrase phrase)
    {
        if (phrase.Adjective is not null)
        {
            text.Append(phrase.Adjective.Name).Append(' ');
        }

        text.Append(phrase.Plural ? phrase.Noun.Other : phrase.Noun.Name);
    }
}
