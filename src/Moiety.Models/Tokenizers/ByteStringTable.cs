namespace Moiety.Models.Tokenizers;

/// <summary>
/// Byte strings numbered in the order of their first appearance: a hash table with open addressing over one arena, so that a
/// million words cost no object each.
/// </summary>
internal sealed class ByteStringTable
{
    private byte[] _arena = new byte[1024];
    private int[] _ends = new int[64];
    private int[] _hashes = new int[64];
    private int[] _slots = new int[128];

    /// <summary>Number of different strings.</summary>
    public int Count { get; private set; }

    /// <summary>The string of a number.</summary>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            int start = index == 0 ? 0 : _ends[index - 1];
            return _arena.AsSpan(start, _ends[index] - start);
        }
    }

    /// <summary>The number of a string, or -1.</summary>
    public int Find(ReadOnlySpan<byte> key) => _slots[FindSlot(key, Hash(key))] - 1;

    /// <summary>The number of a string, which is added when it is new.</summary>
    public int GetOrAdd(ReadOnlySpan<byte> key)
    {
        int hash = Hash(key);
        int slot = FindSlot(key, hash);
        if (_slots[slot] > 0)
        {
            return _slots[slot] - 1;
        }

        int start = Count == 0 ? 0 : _ends[Count - 1];
        int end = checked(start + key.Length);
        if (end > _arena.Length)
        {
            Array.Resize(ref _arena, (int)Math.Min(Array.MaxLength, Math.Max(end, 2L * _arena.Length)));
        }

        if (Count == _ends.Length)
        {
            Array.Resize(ref _ends, 2 * Count);
            Array.Resize(ref _hashes, 2 * Count);
        }

        key.CopyTo(_arena.AsSpan(start));
        _ends[Count] = end;
        _hashes[Count] = hash;
        _slots[slot] = ++Count;
        if (2 * Count > _slots.Length)
        {
            Grow();
        }

        return Count - 1;
    }

    /// <summary>A hash that is the same within a process only.</summary>
    public static int Hash(ReadOnlySpan<byte> key)
    {
        HashCode hash = default;
        hash.AddBytes(key);
        return hash.ToHashCode();
    }

    private int FindSlot(ReadOnlySpan<byte> key, int hash)
    {
        int mask = _slots.Length - 1;
        int slot = hash & mask;
        while (_slots[slot] > 0 && !(_hashes[_slots[slot] - 1] == hash && this[_slots[slot] - 1].SequenceEqual(key)))
        {
            slot = (slot + 1) & mask;
        }

        return slot;
    }

    private void Grow()
    {
        _slots = new int[2 * _slots.Length];
        int mask = _slots.Length - 1;
        for (int i = 0; i < Count; i++)
        {
            int slot = _hashes[i] & mask;
            while (_slots[slot] > 0)
            {
                slot = (slot + 1) & mask;
            }

            _slots[slot] = i + 1;
        }
    }
}
