using System.Buffers;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Moiety.Models.Tokenizers;

/// <summary>A growing list of ids on rented memory.</summary>
internal ref struct IdBuffer
{
    private int[] _rented;
    private int _count;

    /// <summary>Creates an empty list.</summary>
    public IdBuffer(int capacity) => _rented = ArrayPool<int>.Shared.Rent(Math.Max(16, capacity));

    /// <summary>What the list holds.</summary>
    public readonly ReadOnlySpan<int> Ids => _rented.AsSpan(0, _count);

    /// <summary>Appends one id.</summary>
    public void Add(int id) => Reserve(1)[0] = id;

    /// <summary>Appends ids.</summary>
    public void Add(ReadOnlySpan<int> ids) => ids.CopyTo(Reserve(ids.Length));

    /// <summary>Appends a few ids, of which the first four can be read even if there are fewer.</summary>
    public void AddFew(ref readonly int first, int count)
    {
        if (count > Vector128<int>.Count)
        {
            Add(MemoryMarshal.CreateReadOnlySpan(in first, count));
            return;
        }

        if (_rented.Length - _count < Vector128<int>.Count)
        {
            Reserve(Vector128<int>.Count);
            RemoveLast(Vector128<int>.Count);
        }

        Vector128.LoadUnsafe(in first).StoreUnsafe(ref MemoryMarshal.GetArrayDataReference(_rented), (nuint)_count);
        _count += count;
    }

    /// <summary>Appends room for ids, to be filled by the caller.</summary>
    public Span<int> Reserve(int length)
    {
        if (length > _rented.Length - _count)
        {
            int[] larger = ArrayPool<int>.Shared.Rent((int)Math.Min(Array.MaxLength, Math.Max((long)_count + length, 2L * _rented.Length)));
            Ids.CopyTo(larger);
            ArrayPool<int>.Shared.Return(_rented);
            _rented = larger;
        }

        _count += length;
        return _rented.AsSpan(_count - length, length);
    }

    /// <summary>Drops the last ids.</summary>
    public void RemoveLast(int length) => _count -= length;

    /// <summary>Turns the order of the ids from a position on around.</summary>
    public readonly void Reverse(int start) => _rented.AsSpan(start, _count - start).Reverse();

    /// <summary>Returns the memory.</summary>
    public void Dispose() => ArrayPool<int>.Shared.Return(_rented);
}
