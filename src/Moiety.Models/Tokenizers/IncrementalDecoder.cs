using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// Decodes token by token, for streaming. A character that spreads over tokens is held back until it is whole, so that the pieces
/// put together are always what <see cref="Tokenizer.Decode"/> gives for all tokens at once. Nothing is allocated per token. For one
/// sequence and one thread.
/// </summary>
public sealed class IncrementalDecoder
{
    // System.Text.Decoder would do, but it allocates for every ill-formed sequence.
    private readonly Tokenizer _tokenizer;
    private readonly byte[] _held = new byte[4];
    private int _heldCount;
    private bool _atStart = true;

    /// <summary>Starts at the beginning of a text.</summary>
    public IncrementalDecoder(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        _tokenizer = tokenizer;
    }

    /// <summary>Takes a token and writes the characters that are complete now; none for special tokens.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    public void Append(int id, IBufferWriter<char> output)
    {
        ReadOnlySpan<byte> bytes = _tokenizer.Next(id, ref _atStart);
        output.Advance(Decode(bytes, output.GetSpan(bytes.Length + 1)));
    }

    /// <summary>Takes tokens whose text is known already, a prompt for instance, and writes nothing: the text goes on after them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    public void Skip(ReadOnlySpan<int> ids)
    {
        const int Step = 128;
        Span<char> ignored = stackalloc char[Step + 1];
        foreach (int id in ids)
        {
            for (ReadOnlySpan<byte> bytes = _tokenizer.Next(id, ref _atStart); !bytes.IsEmpty; bytes = bytes[Math.Min(Step, bytes.Length)..])
            {
                Decode(bytes[..Math.Min(Step, bytes.Length)], ignored);
            }
        }
    }

    /// <summary>Ends the text: what is still held back is not UTF-8 and comes out as U+FFFD. Afterwards a new text can begin.</summary>
    public void Flush(IBufferWriter<char> output)
    {
        if (_heldCount > 0)
        {
            output.GetSpan(1)[0] = (char)Rune.ReplacementChar.Value;
            output.Advance(1);
        }

        _heldCount = 0;
        _atStart = true;
    }

    // Writes at most one character per byte, and one more for what was held back.
    private int Decode(ReadOnlySpan<byte> bytes, Span<char> output)
    {
        int written = 0;
        while (_heldCount > 0 && !bytes.IsEmpty)
        {
            _held[_heldCount++] = bytes[0];
            OperationStatus status = Rune.DecodeFromUtf8(_held.AsSpan(0, _heldCount), out Rune rune, out int used);
            if (status == OperationStatus.NeedMoreData)
            {
                bytes = bytes[1..];
                continue;
            }

            // The held bytes alone are a good beginning, so it is the new byte that ends the character or does not belong to it.
            written += rune.EncodeToUtf16(output[written..]);
            bytes = used == _heldCount ? bytes[1..] : bytes;
            _heldCount = 0;
        }

        if (!bytes.IsEmpty)
        {
            Utf8.ToUtf16(bytes, output[written..], out int read, out int characters, replaceInvalidSequences: true, isFinalBlock: false);
            written += characters;
            bytes[read..].CopyTo(_held);
            _heldCount = bytes.Length - read;
        }

        return written;
    }
}
