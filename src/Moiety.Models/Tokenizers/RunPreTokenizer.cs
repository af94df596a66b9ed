using System.Buffers;
using System.Text;

namespace Moiety.Models.Tokenizers;

/// <summary>Sets runs of one kind of character apart from other text: <c>\p{N}</c>, <c>[\r\n]</c>, <c>\s?\p{L}+</c> and the like.</summary>
public sealed class RunPreTokenizer : PreTokenizer
{
    private readonly Func<Rune, bool> _belongs;
    private readonly int _longest;
    private readonly bool _takesSpace;

    /// <summary>Creates the rule.</summary>
    /// <param name="pattern">The regular expression that the rule follows.</param>
    /// <param name="belongs">Which characters make a run.</param>
    /// <param name="longest">Most characters of one run.</param>
    /// <param name="takesSpace">Whether one white-space character before a run is part of it; such characters must not belong to runs.</param>
    public RunPreTokenizer(string pattern, Func<Rune, bool> belongs, int longest = int.MaxValue, bool takesSpace = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, 1);
        Pattern = pattern;
        _belongs = belongs;
        _longest = longest;
        _takesSpace = takesSpace;
    }

    /// <inheritdoc/>
    public override string Pattern { get; }

    /// <inheritdoc/>
    public override int NextLength(ReadOnlySpan<byte> text)
    {
        int start = 0;
        while (start < text.Length)
        {
            int run = RunLength(text[start..], out int first);
            if (run > 0)
            {
                return start > 0 ? start : run;
            }

            start += first;
        }

        return text.Length;
    }

    private int RunLength(ReadOnlySpan<byte> text, out int first)
    {
        bool belongs = Belongs(text, out Rune rune, out first);
        int end = belongs || !_takesSpace || !Rune.IsWhiteSpace(rune) ? 0 : first;
        int start = end;
        for (int i = 0; i < _longest && end < text.Length && Belongs(text[end..], out _, out int length); i++)
        {
            end += length;
        }

        return end > start ? end : 0;
    }

    private bool Belongs(ReadOnlySpan<byte> text, out Rune rune, out int length) =>
        Rune.DecodeFromUtf8(text, out rune, out length) == OperationStatus.Done && _belongs(rune);
}
