using Moiety.Data.Simulation;

namespace Moiety.Data.Narration;

/// <summary>
/// Renders the <c>@</c> references of a frame. People, <c>@A</c> (actor) and <c>@B</c> (other): subject form, <c>:o</c>
/// object, <c>:s</c> possessive, <c>:f</c> full name, <c>:v</c> vocative, <c>:k</c> girl/boy, <c>:p</c> she/he.
/// Things, <c>@I</c> and <c>@J</c>: pronoun, article or possessive as the context allows, <c>:x</c> no pronoun, <c>:a</c>
/// indefinite, <c>:d</c> definite, <c>:n</c> bare with its adjective, <c>:h</c> bare noun, <c>:o</c> with its possessor.
/// Counts, <c>@N</c>: amount and noun, <c>:n</c> the amount alone, <c>:c</c>
/// the noun alone, <c>:p</c> plural, <c>:o</c> singular, <c>:r</c> what remains. Coins, <c>@C</c>:
/// amount, <c>:r</c> what remains. <c>@P</c> the place, <c>:i</c> being there. <c>@D</c> the detail. <c>@T</c> the work,
/// <c>:b</c> base form, <c>:g</c> gerund.
/// </summary>
internal static class Reference
{
    internal static void Render(Telling telling, WorldEvent happened, char role, char mode, VerbForm form)
    {
        switch (role)
        {
            case 'A':
                RenderPerson(telling, happened.Actor!, mode);
                break;
            case 'B':
                RenderPerson(telling, happened.Other!, mode);
                break;
            case 'I':
                RenderThing(telling, happened.Thing!, happened.Owner, happened.Actor, mode);
                break;
            case 'J':
                RenderThing(telling, happened.Second!, null, null, mode);
                break;
            case 'N':
                telling.Append(Count(happened, mode));
                break;
            case 'C':
                telling.Append(Numbers.Coins(mode == 'r' ? happened.Rest : happened.Amount));
                break;
            case 'P':
                telling.Append(mode == 'i' ? happened.Place!.InThe : happened.Place!.The);
                break;
            case 'D':
                telling.Append(happened.Detail);
                break;
            case 'T':
                happened.Work!.Render(telling, happened, mode == 'b' ? VerbForm.Base : mode == 'g' ? VerbForm.Gerund : form);
                break;
            default:
                throw new FormatException($"No participant @{role}.");
        }
    }

    private static string Count(WorldEvent happened, char mode) => mode switch
    {
        'p' => happened.Noun!.Plural,
        'o' => happened.Noun!.Singular,
        'r' => $"{Numbers.Word(happened.Rest)} {happened.Noun!.For(happened.Rest)}",
        'm' => Numbers.Word(happened.Rest),
        'n' => Numbers.Word(happened.Amount),
        'c' => happened.Noun!.For(happened.Amount),
        _ => $"{Numbers.Word(happened.Amount)} {happened.Noun!.For(happened.Amount)}",
    };

    private static void RenderPerson(Telling telling, Person person, char mode)
    {
        bool she = person.Gender == Gender.She;
        switch (mode)
        {
            case 'v':
                telling.Append(person.Vocative);
                return;
            case 'k':
                telling.Append(person.Kin);
                return;
            case 'p':
                telling.Append(she ? "she" : "he");
                return;
            case 'f':
                telling.Append(person.Name);
                telling.Mention(person, byName: true);
                return;
        }

        bool pronoun = telling.PrefersPronoun(person);
        telling.Mention(person, byName: !pronoun);
        telling.Append((pronoun, mode) switch
        {
            (true, 'o') => she ? "her" : "him",
            (true, 's') => she ? "her" : "his",
            (true, _) => she ? "she" : "he",
            (false, 's') => $"{person.Name}'s",
            _ => person.Name,
        });
    }

    private static void RenderThing(Telling telling, Thing thing, Person? owner, Person? actor, char mode)
    {
        bool known = telling.Knows(thing);
        if (mode == '\0' && telling.PrefersIt(thing))
        {
            telling.Mention(thing);
            telling.Append("it");
            return;
        }

        bool owned = owner is not null && owner == actor && telling.IsBound(owner);
        bool possessive = owner is not null && (mode == 'o' || (mode is '\0' or 'x' && owned && telling.Random.Chance(known ? 40 : 70)));
        bool adjective = mode is 'a' or 'd' or 'n' || !known || (mode != 'h' && telling.Random.Chance(35));
        string noun = adjective ? thing.Name : thing.Noun.Singular;
        telling.Mention(thing);
        if (mode is 'n' or 'h')
        {
            telling.Append(mode == 'h' ? thing.Noun.Singular : noun);
        }
        else if (possessive)
        {
            RenderPerson(telling, owner!, 's');
            telling.Append(" ");
            telling.Append(noun);
        }
        else if (mode == 'a' || (!known && mode != 'd'))
        {
            telling.BeginArticle();
            telling.Append(noun);
        }
        else
        {
            telling.Append("the ");
            telling.Append(noun);
        }
    }
}
