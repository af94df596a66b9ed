using System.Buffers;
using System.Text;

namespace Moiety.Models.Tokenizers.PreTokenizers;

/// <summary><c>WhitespaceSplit</c>: words between white space, which is dropped.</summary>
public sealed class WhitespaceSplitPreTokenizer : PreTokenizer
{
    /// <inheritdoc/>
    public override string Pattern => @"\s+|\S+";

    /// <inheritdoc/>
    public override int NextLength(ReadOnlySpan<byte> text)
    {
        bool space = IsSpaceAt(text, 0, out int end);
        while (end < text.Length && IsSpaceAt(text, end, out int length) == space)
        {
            end += length;
        }

        return end;
    }

    /// <inheritdoc/>
    public override bool Drops(ReadOnlySpan<byte> word) => IsSpaceAt(word, 0, out _);

    private static bool IsSpaceAt(ReadOnlySpan<byte> text, int position, out int length) =>
        Rune.DecodeFromUtf8(text[position..], out Rune rune, out length) == OperationStatus.Done && Rune.IsWhiteSpace(rune);
}
