using Moiety.Data.ToyLanguages;

namespace Moiety.Data.Tests.ToyLanguages;

/// <summary>
/// Reads toy sentences back: it tries every way to cut each word into prefix, stem and ending, and every order of parts
/// that the language's grammar allows, and gives all meanings that fit.
/// </summary>
internal static class ToyParser
{
    private delegate IEnumerable<(T Value, int Next)> Rule<T>(string[] words, int at);

    internal static ToySentence[] Parse(ToyLanguage language, string text)
    {
        string[] words = text.TrimEnd('.').ToLowerInvariant().Split(' ');
        return language.Name switch
        {
            "Tavo" => [.. Tavo(language, words)],
            "Rikel" => [.. Rikel(language, words)],
            "Omusa" => [.. Omusa(language, words)],
            _ => throw new NotSupportedException($"No parser for {language.Name}."),
        };
    }

    private static IEnumerable<ToyConcept> Stems(ToyLanguage language, string stem, params ToyClass[] classes) =>
        ToyConcept.Of(classes).Where(concept => language.Word(concept) == stem);

    private static readonly ToyClass[] NounClasses = [ToyClass.Feminine, ToyClass.Masculine, ToyClass.Animal, ToyClass.Object];
    private static readonly ToyClass[] VerbClasses = [ToyClass.Intransitive, ToyClass.Motion, ToyClass.Transitive, ToyClass.Ditransitive];

    private static IEnumerable<ToySentence> Tavo(ToyLanguage language, string[] words) =>
        from subject in TavoPhrase(language, "")(words, 0)
        from recipient in Optional(TavoPhrase(language, "ke"))(words, subject.Next)
        from target in Optional(TavoPhrase(language, "n"))(words, recipient.Next)
        from place in Optional(Word(word => Ending(word, "so").SelectMany(stem => Stems(language, stem, ToyClass.Place))))(words, target.Next)
        from verb in Word(word => Tenses(word, "", "ta", "ru").SelectMany(cut => Stems(language, cut.Stem, VerbClasses).Select(stem => (stem, cut.Tense))))(words, place.Next)
        where verb.Next == words.Length
        let sentence = new ToySentence(subject.Value, verb.Value.stem, verb.Value.Tense, target.Value, recipient.Value, place.Value)
        where IsComplete(sentence)
        select sentence;

    private static Rule<ToyPhrase> TavoPhrase(ToyLanguage language, string ending)
    {
        Rule<ToyPhrase> noun = Word(word => Ending(word, ending).SelectMany(stem => Plurals(stem)).SelectMany(cut => Stems(language, cut.Stem, NounClasses).Select(found => new ToyPhrase(found, cut.Plural, null))));
        return (words, at) => noun(words, at).Concat(
            from adjective in Word(word => Stems(language, word, ToyClass.Adjective))(words, at)
            from head in noun(words, adjective.Next)
            select (head.Value with { Adjective = adjective.Value }, head.Next));

        static IEnumerable<(string Stem, bool Plural)> Plurals(string stem) => [(stem, false), .. Ending(stem, "mi").Select(bare => (bare, true))];
    }

    private static IEnumerable<ToySentence> Rikel(ToyLanguage language, string[] words) =>
        from verb in Word(word => Prefixes(word).SelectMany(cut => new[] { (cut.Stem, cut.Tense, Plural: false) }.Concat(Ending(cut.Stem, "en").Select(stem => (Stem: stem, cut.Tense, Plural: true))))
            .SelectMany(cut => Stems(language, cut.Stem, VerbClasses).Select(stem => (stem, cut.Tense, cut.Plural))))(words, 0)
        from subject in RikelPhrase(language)(words, verb.Next)
        where subject.Value.Plural == verb.Value.Plural
        from target in Optional(Marked("ba", RikelPhrase(language)))(words, subject.Next)
        from recipient in Optional(Marked("lo", RikelPhrase(language)))(words, target.Next)
        from place in Optional(Marked("ne", Word(word => Stems(language, word, ToyClass.Place))))(words, recipient.Next)
        where place.Next == words.Length
        let sentence = new ToySentence(subject.Value, verb.Value.stem, verb.Value.Tense, target.Value, recipient.Value, place.Value)
        where IsComplete(sentence)
        select sentence;

    private static Rule<ToyPhrase> RikelPhrase(ToyLanguage language)
    {
        Rule<ToyPhrase> noun = Word(word => Numbers(word).SelectMany(cut => Stems(language, cut.Stem, NounClasses).Select(found => new ToyPhrase(found, cut.Plural, null))));
        return (words, at) => noun(words, at).Concat(
            from head in noun(words, at)
            from adjective in Word(word => Numbers(word).Where(cut => cut.Plural == head.Value.Plural).SelectMany(cut => Stems(language, cut.Stem, ToyClass.Adjective)))(words, head.Next)
            select (head.Value with { Adjective = adjective.Value }, adjective.Next));

        static IEnumerable<(string Stem, bool Plural)> Numbers(string word) => word.StartsWith('u') ? [(word, false), (word[1..], true)] : [(word, false)];
    }

    private static IEnumerable<(string Stem, ToyTense Tense)> Prefixes(string word)
    {
        yield return (word, ToyTense.Present);
        if (word.StartsWith("da", StringComparison.Ordinal))
        {
            yield return (word[2..], ToyTense.Past);
        }

        if (word.StartsWith("si", StringComparison.Ordinal))
        {
            yield return (word[2..], ToyTense.Future);
        }
    }

    private static IEnumerable<ToySentence> Omusa(ToyLanguage language, string[] words)
    {
        ToyTense tense = words[^1] switch { "ti" => ToyTense.Past, "wo" => ToyTense.Future, _ => ToyTense.Present };
        string[] rest = tense == ToyTense.Present ? words : words[..^1];
        return
            from place in Optional(Word(word => Ending(word, "sa").SelectMany(stem => Stems(language, stem, ToyClass.Place))))(rest, 0)
            from target in Optional(OmusaPhrase(language, ""))(rest, place.Next)
            from recipient in Optional(OmusaPhrase(language, "l"))(rest, target.Next)
            from verb in Word(word => Stems(language, word[..^1], VerbClasses).Select(stem => (stem, Mark: word[^1])))(rest, recipient.Next)
            from subject in OmusaPhrase(language, "m")(rest, verb.Next)
            where subject.Next == rest.Length && verb.Value.Mark == Mark(subject.Value)
            let sentence = new ToySentence(subject.Value, verb.Value.stem, tense, target.Value, recipient.Value, place.Value)
            where IsComplete(sentence)
            select sentence;

        static char Mark(ToyPhrase subject) => subject.Plural ? 's' : subject.Noun.Class switch { ToyClass.Feminine => 'n', ToyClass.Masculine => 'r', _ => 'k' };
    }

    private static Rule<ToyPhrase> OmusaPhrase(ToyLanguage language, string ending)
    {
        Rule<ToyPhrase> noun = Word(word => Ending(word, ending).SelectMany(Doubled).SelectMany(cut => Stems(language, cut.Stem, NounClasses).Select(found => new ToyPhrase(found, cut.Plural, null))));
        return (words, at) => noun(words, at).Concat(
            from head in noun(words, at)
            from adjective in Word(word => Stems(language, word, ToyClass.Adjective))(words, head.Next)
            select (head.Value with { Adjective = adjective.Value }, adjective.Next));

        static IEnumerable<(string Stem, bool Plural)> Doubled(string stem) =>
            stem.Length > 4 && stem[..2] == stem[2..4] ? [(stem, false), (stem[2..], true)] : [(stem, false)];
    }

    private static bool IsComplete(ToySentence sentence) => sentence.Verb.Class switch
    {
        ToyClass.Ditransitive => sentence.Object is not null && sentence.Recipient is not null,
        ToyClass.Transitive => sentence.Object is not null && sentence.Recipient is null,
        _ => sentence.Object is null && sentence.Recipient is null,
    };

    private static IEnumerable<string> Ending(string word, string ending) => word.EndsWith(ending, StringComparison.Ordinal) ? [word[..^ending.Length]] : [];

    private static IEnumerable<(string Stem, ToyTense Tense)> Tenses(string word, string present, string past, string future) =>
        Ending(word, present).Select(stem => (stem, ToyTense.Present))
            .Concat(Ending(word, past).Select(stem => (stem, ToyTense.Past))).Concat(Ending(word, future).Select(stem => (stem, ToyTense.Future)));

    private static Rule<T> Word<T>(Func<string, IEnumerable<T>> read) =>
        (words, at) => at < words.Length ? read(words[at]).Select(value => (value, at + 1)) : [];

    private static Rule<T?> Optional<T>(Rule<T> rule) where T : class =>
        (words, at) => rule(words, at).Select(found => ((T?)found.Value, found.Next)).Append((null, at));

    private static Rule<T> Marked<T>(string particle, Rule<T> rule) =>
        (words, at) => at < words.Length && words[at] == particle ? rule(words, at + 1) : [];
}
