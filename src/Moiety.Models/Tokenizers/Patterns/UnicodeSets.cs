using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Moiety.Models.Tokenizers.Patterns;

/// <summary>The sets that patterns call by name, from the Unicode data of .NET.</summary>
internal static class UnicodeSets
{
    private const int FirstEmptyPlane = 0x40000;
    private const int LastEmptyPlane = 0xD0000;

    // .NET keeps it apart from s.
    private const int LongS = 0x17F;

    // Above these planes nothing has a case.
    private const int LargestCased = 0x1FFFF;

    private static readonly FrozenDictionary<string, CharacterSet> Properties = MakeProperties();
    private static readonly Lazy<ImmutableArray<int>> LazyCased = new(static () =>
        [.. Enumerable.Range(0, LargestCased).Where(static value => Rune.IsValid(value) && HasOtherCase(new Rune(value)))]);

    /// <summary><c>\s</c>: White_Space.</summary>
    public static CharacterSet Space { get; } = Property("Z")!.Union(CharacterSet.Range('\t', '\r')).Union(CharacterSet.Range(0x85, 0x85));

    /// <summary><c>\d</c>: decimal digits.</summary>
    public static CharacterSet Digit { get; } = Property("Nd")!;

    /// <summary><c>\p{N}</c>.</summary>
    public static CharacterSet Number { get; } = Property("N")!;

    /// <summary>The letters of <c>\w</c> that are no letters by category: circled and squared ones.</summary>
    public static CharacterSet LetterSymbols { get; } = Ranges((0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189));

    /// <summary><c>\w</c>: letters, marks, decimal digits, letter numbers, connectors, and in Latin-1 the other numbers too.</summary>
    public static CharacterSet Word { get; } = Property("L")!.Union(Property("M")!).Union(Digit).Union(Property("Nl")!).Union(Property("Pc")!)
        .Union(LetterSymbols).Union(Number.Intersect(CharacterSet.Range(0, 0xFF)));

    /// <summary>
    /// What the <c>tokenizers</c> library calls punctuation in components other than expressions: ASCII's marks, and <c>\p{P}</c> as it was
    /// in Unicode 8.
    /// </summary>
    public static CharacterSet Punctuation { get; } = Property("P")!.Union(CharacterSet.Of("$+<=>^`|~\u166d\U000111c9")).Except(Ranges(
        [
            (0x061D, 0x061D), (0x09FD, 0x09FD), (0x0A76, 0x0A76), (0x0C77, 0x0C77), (0x0C84, 0x0C84), (0x1B4E, 0x1B4F), (0x1B7D, 0x1B7F),
            (0x2E43, 0x2E4F), (0x2E52, 0x2E5D), (0x10D6E, 0x10D6E), (0x10EAD, 0x10EAD), (0x10F55, 0x10F59), (0x10F86, 0x10F89), (0x113D4, 0x113D5),
            (0x113D7, 0x113D8), (0x1144B, 0x1144F), (0x1145A, 0x1145B), (0x1145D, 0x1145D), (0x11660, 0x1166C), (0x116B9, 0x116B9),
            (0x1183B, 0x1183B), (0x11944, 0x11946), (0x119E2, 0x119E2), (0x11A3F, 0x11A46), (0x11A9A, 0x11A9C), (0x11A9E, 0x11AA2),
            (0x11B00, 0x11B09), (0x11BE1, 0x11BE1), (0x11C41, 0x11C45), (0x11C70, 0x11C71), (0x11EF7, 0x11EF8), (0x11F43, 0x11F4F),
            (0x11FFF, 0x11FFF), (0x12FF1, 0x12FF2), (0x16D6D, 0x16D6F), (0x16E97, 0x16E9A), (0x16FE2, 0x16FE2), (0x1E5FF, 0x1E5FF),
            (0x1E95E, 0x1E95F),
        ]));

    /// <summary>Every code point that has one of another case.</summary>
    public static ImmutableArray<int> Cased => LazyCased.Value;

    /// <summary>The set of a property's name as in <c>\p{Lu}</c>, or null.</summary>
    public static CharacterSet? Property(string name) => Properties.GetValueOrDefault(Plain(name));

    /// <summary>What letters that differ by case only have in common.</summary>
    public static int Fold(int value) => value == LongS ? 's' : Rune.ToLowerInvariant(Rune.ToUpperInvariant(new Rune(value))).Value;

    private static bool HasOtherCase(Rune rune) => rune.Value == LongS || Rune.ToUpperInvariant(rune) != rune || Rune.ToLowerInvariant(rune) != rune;

    // Names are compared without case, spaces, hyphens and underscores.
    private static string Plain(string name) => string.Concat(name.Where(char.IsAsciiLetterOrDigit)).ToUpperInvariant();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static FrozenDictionary<string, CharacterSet> MakeProperties()
    {
        (string Short, string Long, UnicodeCategory Category)[] categories =
        [
            ("Lu", "Uppercase_Letter", UnicodeCategory.UppercaseLetter), ("Ll", "Lowercase_Letter", UnicodeCategory.LowercaseLetter),
            ("Lt", "Titlecase_Letter", UnicodeCategory.TitlecaseLetter), ("Lm", "Modifier_Letter", UnicodeCategory.ModifierLetter),
            ("Lo", "Other_Letter", UnicodeCategory.OtherLetter), ("Mn", "Nonspacing_Mark", UnicodeCategory.NonSpacingMark),
            ("Mc", "Spacing_Mark", UnicodeCategory.SpacingCombiningMark), ("Me", "Enclosing_Mark", UnicodeCategory.EnclosingMark),
            ("Nd", "Decimal_Number", UnicodeCategory.DecimalDigitNumber), ("Nl", "Letter_Number", UnicodeCategory.LetterNumber),
            ("No", "Other_Number", UnicodeCategory.OtherNumber), ("Pc", "Connector_Punctuation", UnicodeCategory.ConnectorPunctuation),
            ("Pd", "Dash_Punctuation", UnicodeCategory.DashPunctuation), ("Ps", "Open_Punctuation", UnicodeCategory.OpenPunctuation),
            ("Pe", "Close_Punctuation", UnicodeCategory.ClosePunctuation), ("Pi", "Initial_Punctuation", UnicodeCategory.InitialQuotePunctuation),
            ("Pf", "Final_Punctuation", UnicodeCategory.FinalQuotePunctuation), ("Po", "Other_Punctuation", UnicodeCategory.OtherPunctuation),
            ("Sm", "Math_Symbol", UnicodeCategory.MathSymbol), ("Sc", "Currency_Symbol", UnicodeCategory.CurrencySymbol),
            ("Sk", "Modifier_Symbol", UnicodeCategory.ModifierSymbol), ("So", "Other_Symbol", UnicodeCategory.OtherSymbol),
            ("Zs", "Space_Separator", UnicodeCategory.SpaceSeparator), ("Zl", "Line_Separator", UnicodeCategory.LineSeparator),
            ("Zp", "Paragraph_Separator", UnicodeCategory.ParagraphSeparator), ("Cc", "Control", UnicodeCategory.Control),
            ("Cf", "Format", UnicodeCategory.Format), ("Co", "Private_Use", UnicodeCategory.PrivateUse),
            ("Cn", "Unassigned", UnicodeCategory.OtherNotAssigned), ("Cs", "Surrogate", UnicodeCategory.Surrogate),
        ];
        (string Short, string Long)[] groups =
            [("L", "Letter"), ("M", "Mark"), ("N", "Number"), ("P", "Punctuation"), ("S", "Symbol"), ("Z", "Separator"), ("C", "Other")];
        ImmutableArray<int>.Builder[] borders = [.. categories.Select(static _ => ImmutableArray.CreateBuilder<int>())];
        int[] indexOf = new int[categories.Length];
        for (int i = 0; i < categories.Length; i++)
        {
            indexOf[(int)categories[i].Category] = i;
        }

        int last = -1;
        for (int value = 0; value < CharacterSet.CodePoints; value++)
        {
            // Two thirds of the code points lie in planes without a character, all of one category.
            value = value == FirstEmptyPlane ? LastEmptyPlane : value;
            int current = indexOf[(int)CharUnicodeInfo.GetUnicodeCategory(value)];
            if (current != last)
            {
                borders[current].Add(value);
                if (last >= 0)
                {
                    borders[last].Add(value);
                }

                last = current;
            }
        }

        borders[last].Add(CharacterSet.CodePoints);
        Dictionary<string, CharacterSet> sets = new(StringComparer.Ordinal);
        foreach ((string name, string longName) in groups)
        {
            sets[Plain(name)] = sets[Plain(longName)] = CharacterSet.Empty;
        }

        for (int i = 0; i < categories.Length; i++)
        {
            (string name, string longName, _) = categories[i];
            CharacterSet set = CharacterSet.OfBorders(borders[i].ToImmutable());
            sets[Plain(name)] = sets[Plain(longName)] = set;
            string group = groups.First(group => group.Short[0] == name[0]).Long;
            sets[Plain(name[..1])] = sets[Plain(group)] = sets[Plain(group)].Union(set);
        }

        sets["LC"] = sets["CASEDLETTER"] = sets["LU"].Union(sets["LL"]).Union(sets["LT"]);
        sets["PUNCT"] = sets["P"];
        sets["ANY"] = CharacterSet.All;
        sets["ASCII"] = CharacterSet.Range(0, 0x7F);
        sets["HAN"] = sets["SCRIPTHAN"] = Han();
        return sets.ToFrozenDictionary(StringComparer.Ordinal);
    }

    // The script Han of Unicode 16.
    private static CharacterSet Han() => Ranges(
        (0x2E80, 0x2E99), (0x2E9B, 0x2EF3), (0x2F00, 0x2FD5), (0x3005, 0x3005), (0x3007, 0x3007), (0x3021, 0x3029), (0x3038, 0x303B),
        (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFA6D), (0xFA70, 0xFAD9), (0x16FE2, 0x16FE3), (0x16FF0, 0x16FF1),
        (0x20000, 0x2A6DF), (0x2A700, 0x2B739), (0x2B740, 0x2B81D), (0x2B820, 0x2CEA1), (0x2CEB0, 0x2EBE0), (0x2EBF0, 0x2EE5D),
        (0x2F800, 0x2FA1D), (0x30000, 0x3134A), (0x31350, 0x323AF));

    private static CharacterSet Ranges(params (int First, int Last)[] ranges) =>
        ranges.Aggregate(CharacterSet.Empty, static (set, range) => set.Union(CharacterSet.Range(range.First, range.Last)));
}
