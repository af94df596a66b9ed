namespace Moiety.Data.ToyLanguages;

/// <summary>When something happens.</summary>
internal enum ToyTense
{
    Present,
    Past,
    Future,
}

/// <summary>A noun with its number and adjective.</summary>
internal sealed record ToyPhrase(ToyConcept Noun, bool Plural, ToyConcept? Adjective);

/// <summary>The meaning of a sentence, from which English and the toy languages are written.</summary>
/// <param name="Subject">Who does it.</param>
/// <param name="Verb">What is done.</param>
/// <param name="Tense">When.</param>
/// <param name="Object">What it is done to, for transitive and ditransitive verbs.</param>
/// <param name="Recipient">Who gets it, for ditransitive verbs.</param>
/// <param name="Place">Where, or where to for verbs of motion.</param>
internal sealed record ToySentence(ToyPhrase Subject, ToyConcept Verb, ToyTense Tense, ToyPhrase? Object, ToyPhrase? Recipient, ToyConcept? Place);
