using System.Globalization;
using System.Text;
using Moiety.Numerics.Randomness;

namespace Moiety.Testing;

/// <summary>
/// Seeded texts that are hard on tokenizers: scraps of many kinds put together, words, and code points from anywhere. As many as
/// <c>MOIETY_TOKENIZER_TEXTS</c> says, for the long comparison with another implementation, else a few thousand.
/// </summary>
public static class RandomTexts
{
    private const int UsualCount = 5000;

    private static readonly string[] Scraps =
    [
        " ", " ", "  ", "   ", "\n", "\r\n", "\n\n", "\t", "\u00a0", "\u3000", "\u0085", "\u200b", "\u200d", "\u00ad", "\u2028", "\ufeff",
        "a", "the", " the", "Hello", " world", "ing", "##ing", "ö", "Ñ", "É", "é", "e\u0301", "\u0301", "a\u0323\u0302", "\u0302\u0323", "straße", "İ", "ß", "ẞ",
        "Ω", "Σ", "дом", "學習", "東京", "の", "ﾊﾞ", "한글", "\u1112\u1161\u11ab", "각", "ǅ", "ſ", "K", "ﬁ", "…", "①", "½", "Ⅷ", "٣", "ม", "ำ", "क्षि",
        "0", "7", "12", "123", "2024", "1,000.50", "x2", "'s", "'S", "n't", "'LL", "''", "'", "’s", ".", "!", "...", "?!", "(", ")", "{}", "[", "]", "$", "+", "<=", "^",
        "`", "~", "|", "#", "_", "-", "—", "«", "。", "！", "🚀", "👨‍👩‍👧", "🇩🇪", "𝔘", "𐐀", "\ufffd", "\u2581", "\u2581\u2581",
        "<s>", "</s>", "<0x0A>", "<|endoftext|>", "<unk>", "[UNK]", "[CLS]", "[MASK]", "<pad>", "<mask>", "aaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaa",
    ];

    private static readonly string[] Words =
    [
        "the", "of", "and", "a", "in", "that", "was", "his", "her", "they", "students", "learning", "unaffable", "mountains", "talked", "river", "naïve", "café",
        "über", "дома", "Straße", "tokenization", "Sherlock", "don't", "U.S.", "2024", "3.14", "hello", "World", "Einstein", "université", "ไทย", "हिन्दी", "العربية",
    ];

    /// <summary>The texts, never empty.</summary>
    /// <param name="seed">Which ones.</param>
    public static IEnumerable<string> Create(ulong seed)
    {
        int count = int.TryParse(Environment.GetEnvironmentVariable("MOIETY_TOKENIZER_TEXTS"), CultureInfo.InvariantCulture, out int set) ? set : UsualCount;
        Xoshiro256 random = new(seed);
        for (int i = 0; i < count; i++)
        {
            yield return Next(ref random);
        }
    }

    private static string Next(ref Xoshiro256 random)
    {
        StringBuilder text = new();
        int kind = random.NextInt32(10);
        int length = 1 + random.NextInt32(kind < 7 ? 24 : 12);
        for (int i = 0; i < length; i++)
        {
            if (kind < 7)
            {
                text.Append(Scraps[random.NextInt32(Scraps.Length)]);
            }
            else if (kind < 9)
            {
                text.Append(i == 0 ? "" : " ").Append(Words[random.NextInt32(Words.Length)]);
            }
            else
            {
                text.Append(AnyRune(ref random));
            }
        }

        return text.ToString();
    }

    // Half of them from the planes in use, and those rather from the beginning. NUL ends texts in C.
    private static Rune AnyRune(ref Xoshiro256 random)
    {
        int limit = random.NextInt32(4) switch { 0 => 0x300, 1 => 0x3000, 2 => 0x10000, _ => 0x110000 };
        int codePoint = 1 + random.NextInt32(limit - 1);
        return Rune.IsValid(codePoint) ? new Rune(codePoint) : new Rune('x');
    }
}
