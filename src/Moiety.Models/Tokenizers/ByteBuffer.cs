using System.Buffers;
using System.Text;

namespace Moiety.Models.Tokenizers;

/// <summary>Growing text in UTF-8 on rented memory.</summary>
internal ref struct ByteBuffer
{
    private byte[] _rented;
    private int _count;

    /// <summary>Creates an empty text.</summary>
    public ByteBuffer(int capacity) => _rented = ArrayPool<byte>.Shared.Rent(Math.Max(16, capacity));

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
        byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Array.MaxLength, Math.Max((long)_count + length, 2L * _rented.Length)));
        Bytes.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_rented);
        _rented = larger;
    }
}
