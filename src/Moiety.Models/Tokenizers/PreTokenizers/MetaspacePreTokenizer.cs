using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Moiety.Models.Tokenizers.PreTokenizers;

/// <summary><c>Metaspace</c>: writes spaces as a mark, which begins a word, and puts one before the text (SentencePiece).</summary>
public sealed class MetaspacePreTokenizer : PreTokenizer
{
    private readonly Rune _mark;
    private readonly MetaspacePrefix _prefix;
    private readonly bool _splits;
    private readonly byte[] _markBytes;

    /// <summary>Creates the component.</summary>
    /// <param name="mark">What stands for a space; usually U+2581.</param>
    /// <param name="prefix">Where a mark is put before a text that does not begin with one.</param>
    /// <param name="splits">Whether words begin at marks; else the text is left in one piece.</param>
    public MetaspacePreTokenizer(Rune mark, MetaspacePrefix prefix = MetaspacePrefix.Always, bool splits = true)
    {
        _mark = mark;
        _prefix = prefix;
        _splits = splits;
        _markBytes = Encoding.UTF8.GetBytes(mark.ToString());
    }

    /// <inheritdoc/>
    internal override void Apply(ref WordList words)
    {
        words.BeginStage();
        byte[] marked = ArrayPool<byte>.Shared.Rent(checked((words.Text.Length * _markBytes.Length) + (words.PreviousCount * _markBytes.Length)));
        int at = 0;
        while (words.TryNext(out int start, out int end))
        {
            ReadOnlySpan<byte> word = words.Text[start..end];
            int from = at;
            bool isMarked = word[0] == ' ' || word.StartsWith(_markBytes);
            if (!isMarked && (_prefix == MetaspacePrefix.Always || (_prefix == MetaspacePrefix.First && start == 0 && words.IsFirst)))
            {
                Append(_markBytes, marked, ref at);
            }

            for (int i = 0; i < word.Length; i++)
            {
                bool begins = word[i] == ' ' || word[i..].StartsWith(_markBytes);
                if (begins && _splits)
                {
                    words.Add(from, at);
                    from = at;
                }

                Append(word[i] == ' ' ? _markBytes : word.Slice(i, 1), marked, ref at);
            }

            words.Add(from, at);
        }

        words.Replace(marked, at);
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "Metaspace");
        writer.WriteString("replacement", _mark.ToString());
        writer.WriteString("prepend_scheme", _prefix switch
        {
            MetaspacePrefix.Always => "always",
            MetaspacePrefix.First => "first",
            _ => "never",
        });
        writer.WriteBoolean("split", _splits);
    }

    private protected override void Cut(ReadOnlySpan<byte> word, int offset, ref WordList words) => words.Add(offset, offset + word.Length);

    private static void Append(ReadOnlySpan<byte> bytes, byte[] target, ref int at)
    {
        bytes.CopyTo(target.AsSpan(at));
        at += bytes.Length;
    }
}
