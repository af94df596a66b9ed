using System.Buffers;
using System.Text;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// Growing text in UTF-8 on rented memory. What a tokenizer makes of a text stays within a multiple of it: rules of a file that replace
/// letters by many, again and again, are refused before they fill the memory.
/// </summary>
internal ref struct ByteBuffer
{
    // The longest expansion of Unicode's own rules is eleven times.
    private const int MostGrowth = 64;
    private const int AlwaysAllowed = 1 << 20;
    private byte[] _rented;
    private int _count;

    /// <summary>Creates an empty text.</summary>
    /// <param name="capacity">About the length of the text that it is made of, in bytes.</param>
    public ByteBuffer(int capacity)
        : this(capacity, AlwaysAllowed + ((long)MostGrowth * capacity))
    {
    }

    /// <summary>Creates an empty text with a limit of its own, such as that of the text that it becomes.</summary>
    public ByteBuffer(int capacity, long limit)
    {
        _rented = ArrayPool<byte>.Shared.Rent(Math.Max(16, capacity));
        Limit = limit;
    }

    /// <summary>Most bytes that it may have.</summary>
    public long Limit { get; }

    /// <summary>What was written.</summary>
    public readonly Span<byte> Bytes => _rented.AsSpan(0, _count);

    /// <summary>Appends one byte.</summary>
    public void Add(byte value)
    {
        if (_count == _rented.Length)
        {
            Grow(1);
        }

        _rented[_count++] = value;
    }

    /// <summary>Appends bytes.</summary>
    public void Add(scoped ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _rented.Length - _count)
        {
            Grow(bytes.Length);
        }

        bytes.CopyTo(_rented.AsSpan(_count));
        _count += bytes.Length;
    }

    /// <summary>Appends a character.</summary>
    public void Add(Rune rune)
    {
        if (_rented.Length - _count < 4)
        {
            Grow(4);
        }

        _count += rune.EncodeToUtf8(_rented.AsSpan(_count));
    }

    /// <summary>Drops what comes after a length.</summary>
    public void Truncate(int length) => _count = length;

    /// <summary>Returns the memory.</summary>
    public readonly void Dispose() => ArrayPool<byte>.Shared.Return(_rented);

    private void Grow(int length)
    {
        if (_count + (long)length > Limit)
        {
            throw new InvalidInputException($"The tokenizer's rules make more than {Limit} bytes of a text, {MostGrowth} times its length. The tokenizer is damaged or malicious.");
        }

        byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Array.MaxLength, Math.Max((long)_count + length, 2L * _rented.Length)));
        Bytes.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_rented);
        _rented = larger;
    }
}
