using System.Numerics;

namespace Moiety.Models.Tokenizers;

/// <summary>What two neighboring tokens merge into, and how early: the ranked merges of byte-pair encoding.</summary>
internal sealed class MergeTable
{
    private const ulong Empty = ulong.MaxValue;
    private readonly Entry[] _entries;
    private readonly int _shift;

    /// <summary>Creates a table for at most <paramref name="capacity"/> merges.</summary>
    public MergeTable(int capacity)
    {
        int slots = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(4, checked(2 * capacity)));
        _shift = 64 - BitOperations.Log2((uint)slots);
        _entries = new Entry[slots];
        Array.Fill(_entries, new Entry(Empty, 0, 0));
    }

    /// <summary>Builds the table of a list of merges; the position in the list is the rank.</summary>
    /// <exception cref="InvalidInputException">An id is outside of the vocabulary.</exception>
    public static MergeTable Ranked(IReadOnlyList<BpeMerge> merges, int vocabularySize)
    {
        MergeTable table = new(merges.Count);
        for (int rank = 0; rank < merges.Count; rank++)
        {
            BpeMerge merge = merges[rank];
            if ((uint)merge.Left >= (uint)vocabularySize || (uint)merge.Right >= (uint)vocabularySize || (uint)merge.Result >= (uint)vocabularySize)
            {
                throw new InvalidInputException(
                    $"Merge {rank} ({merge.Left}, {merge.Right}) -> {merge.Result} is outside of the vocabulary of {vocabularySize} tokens.");
            }

            table.Add(merge.Left, merge.Right, rank, merge.Result);
        }

        return table;
    }

    /// <summary>Adds a merge, unless the pair has one of a lower rank already.</summary>
    public void Add(int left, int right, int rank, int result)
    {
        ulong key = Key(left, right);
        int slot = Slot(key);
        if (_entries[slot].Key == Empty || rank < _entries[slot].Rank)
        {
            _entries[slot] = new Entry(key, rank, result);
        }
    }

    /// <summary>Finds the merge of a pair; a lower rank merges earlier.</summary>
    public bool TryGet(int left, int right, out int rank, out int result)
    {
        ref readonly Entry entry = ref _entries[Slot(Key(left, right))];
        rank = entry.Rank;
        result = entry.Result;
        return entry.Key != Empty;
    }

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private int Slot(ulong key)
    {
        Entry[] entries = _entries;
        int slot = (int)((key * 0x9E3779B97F4A7C15) >> _shift);
        while (entries[slot].Key != key && entries[slot].Key != Empty)
        {
            slot = (slot + 1) & (entries.Length - 1);
        }

        return slot;
    }

    private readonly record struct Entry(ulong Key, int Rank, int Result);
}
