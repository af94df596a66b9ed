using System.Globalization;
using CsCheck;

namespace Moiety.Models.Tests.Tokenizers;

/// <summary>Random texts that are hard on tokenizers.</summary>
internal static class Texts
{
    private static readonly string[] Scraps =
    [
        " ", "  ", "   ", "\n", "\r\n", "\n\n", "\t", "\u00a0", "\u3000", "\u0085", "\u200b", "\0", "\u001f",
        "a", "the", " the", "Hello", " world", "ing", "ö", "Ñ", "straße", "e\u0301", "\u0301", "Ω", "дом", "學習", "の", "한글", "ǅ", "ſ", "K",
        "0", "7", "12", "123", "2024", "½", "Ⅷ", "٣", "1,000.50", "x2", "'s", "'S", "'t", "'re", "'LL", "'ve", "'d", "'ſ", "''", "'", "’s",
        ".", "!", "...", "?!", "(", ")", "{}", "$", "+", "<=", "^", "`", "~", "|", "#", "_", "-", "—", "«", "。", "！",
        "🚀", "👨‍👩‍👧", "🇩🇪", "𝔘", "𐐀", "\ufffd", "\ufeff", "\u2581", "\u2581\u2581", "<s>", "</s>", "<0x0A>", "<|endoftext|>", "<unk>",
    ];

    /// <summary>How many texts a comparison with another implementation takes. The long run: <c>MOIETY_TOKENIZER_TEXTS=100000</c>.</summary>
    public static int Count { get; } = int.Parse(Environment.GetEnvironmentVariable("MOIETY_TOKENIZER_TEXTS") ?? "1500", CultureInfo.InvariantCulture);

    /// <summary>Well-formed text.</summary>
    public static Gen<string> Any { get; } = From(24, Scraps);

    /// <summary>Text put together from scraps.</summary>
    public static Gen<string> From(int longest, params string[] scraps) =>
        Gen.Int[0, scraps.Length - 1].Array[0, longest].Select(picks => string.Concat(picks.Select(pick => scraps[pick])));
}
