namespace Moiety.Models.Tokenizers;

/// <summary>
/// The ids of words seen lately. A fixed number of slots, one word each: bounded, without locks, and safe to share, since an entry
/// is never changed after it is published.
/// </summary>
internal sealed class WordCache
{
    private const int SlotCount = 1 << 14;
    private const int LongestWord = 64;
    private readonly Entry?[] _slots = new Entry?[SlotCount];

    /// <summary>Finds the ids of a word.</summary>
    public bool TryGet(ReadOnlySpan<byte> word, out ReadOnlySpan<int> ids)
    {
        if (word.Length <= LongestWord && Volatile.Read(ref _slots[Slot(word)]) is { } entry && word.SequenceEqual(entry.Word))
        {
            ids = entry.Ids;
            return true;
        }

        ids = default;
        return false;
    }

    /// <summary>Remembers a word in place of whatever shares its slot.</summary>
    public void Add(ReadOnlySpan<byte> word, ReadOnlySpan<int> ids)
    {
        if (word.Length <= LongestWord)
        {
            Volatile.Write(ref _slots[Slot(word)], new Entry(word.ToArray(), ids.ToArray()));
        }
    }

    private static int Slot(ReadOnlySpan<byte> word) => ByteStringTable.Hash(word) & (SlotCount - 1);

    private sealed record Entry(byte[] Word, int[] Ids);
}
