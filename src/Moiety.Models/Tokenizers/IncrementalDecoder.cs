using System.Buffers;
using System.Text;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// Decodes token by token, for streaming. A character that spreads over tokens is held back until it is whole, so that the pieces
/// put together are always what <see cref="Tokenizer.Decode"/> gives for all tokens at once. Nothing is allocated per token. For one
/// sequence and one thread.
/// </summary>
public sealed class IncrementalDecoder
{
    private readonly Tokenizer _tokenizer;
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
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
        ReadOnlySpan<byte> bytes = Next(id);
        Span<char> characters = output.GetSpan(Encoding.UTF8.GetMaxCharCount(bytes.Length));
        output.Advance(_decoder.GetChars(bytes, characters, flush: false));
    }

    /// <summary>Takes tokens whose text is known already, a prompt for instance, and writes nothing: the text goes on after them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    public void Skip(ReadOnlySpan<int> ids)
    {
        Span<char> ignored = stackalloc char[256];
        foreach (int id in ids)
        {
            ReadOnlySpan<byte> bytes = Next(id);
            while (!bytes.IsEmpty)
            {
                _decoder.Convert(bytes, ignored, flush: false, out int used, out _, out _);
                bytes = bytes[used..];
            }
        }
    }

    /// <summary>Ends the text: what is still held back is not UTF-8 and comes out as U+FFFD. Afterwards a new text can begin.</summary>
    public void Flush(IBufferWriter<char> output)
    {
        Span<char> characters = output.GetSpan(Encoding.UTF8.GetMaxCharCount(0));
        output.Advance(_decoder.GetChars([], characters, flush: true));
        _atStart = true;
    }

    private ReadOnlySpan<byte> Next(int id)
    {
        ReadOnlySpan<byte> bytes = _tokenizer.GetBytes(id);
        if (!_atStart || bytes.IsEmpty)
        {
            return bytes;
        }

        _atStart = false;
        return _tokenizer.StripsLeadingSpace && bytes[0] == ' ' ? bytes[1..] : bytes;
    }
}
