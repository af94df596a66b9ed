using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// The ids of words seen lately, for one thread at a time: one cache line for each word, found by its bytes, so that a known word costs
/// one look and no allocation. A word may lie in either of two lines; a newcomer takes the place of whatever is in the second.
/// </summary>
internal sealed class WordTable
{
    /// <summary>Longest word that is kept, in bytes.</summary>
    public const int LongestWord = 31;

    /// <summary>Most ids of a word that is kept.</summary>
    public const int MostIds = 7;

    private const int LineBits = 14;
    private const int LineSize = 64;
    private const int KeySize = 32;

    // On the pinned heap, so that lines stay aligned.
    private readonly byte[] _memory = GC.AllocateArray<byte>((LineSize << LineBits) + LineSize, pinned: true);
    private readonly int _offset;

    /// <summary>Creates an empty table.</summary>
    public WordTable()
    {
        nint address = Marshal.UnsafeAddrOfPinnedArrayElement(_memory, 0);
        _offset = (int)(-address & (LineSize - 1));
    }

    /// <summary>Finds a word.</summary>
    /// <param name="text">The text.</param>
    /// <param name="start">Where the word begins in it.</param>
    /// <param name="length">Its length, at most <see cref="LongestWord"/>.</param>
    /// <param name="key">What the word is known by.</param>
    /// <param name="ids">Its ids; the four integers from the first one on can be read whatever their number is.</param>
    public bool TryGet(ReadOnlySpan<byte> text, int start, int length, out Key key, out ReadOnlySpan<int> ids)
    {
        key = text.Length - start >= KeySize
            ? new Key(ref Unsafe.Add(ref MemoryMarshal.GetReference(text), start), length)
            : AtEnd(text.Slice(start, length));
        int place = key.Place;
        ref Line line = ref LineAt(place);
        if (!line.Word.Same(key))
        {
            line = ref LineAt(place ^ 1);
            if (!line.Word.Same(key))
            {
                ids = default;
                return false;
            }
        }

        ids = MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<Ids, int>(ref line.Ids), line.Count);
        return true;
    }

    /// <summary>Remembers a word that was not found.</summary>
    /// <param name="key">What the word is known by.</param>
    /// <param name="ids">Its ids, at most <see cref="MostIds"/>.</param>
    public void Add(in Key key, ReadOnlySpan<int> ids)
    {
        int place = key.Place;
        ref Line line = ref LineAt(place);
        if (!line.Word.IsEmpty)
        {
            line = ref LineAt(place ^ 1);
        }

        line.Word = key;
        line.Count = ids.Length;
        ids.CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.As<Ids, int>(ref line.Ids), MostIds));
    }

    // Where 32 bytes cannot be read.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Key AtEnd(ReadOnlySpan<byte> word)
    {
        Span<byte> padded = stackalloc byte[KeySize];
        padded.Clear();
        word.CopyTo(padded);
        return new Key(ref MemoryMarshal.GetReference(padded), word.Length);
    }

    private ref Line LineAt(int place) => ref Unsafe.As<byte, Line>(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_memory), _offset + (place * LineSize)));

    /// <summary>What a word is known by: its bytes, zeros, and its length in the last byte.</summary>
    internal readonly struct Key
    {
        // Ones in front of zeros: read from 32 minus a length, they keep that many bytes.
        private static readonly byte[] Masks = [.. Enumerable.Repeat((byte)0xFF, KeySize), .. Enumerable.Repeat((byte)0, KeySize)];

        private readonly ulong _a;
        private readonly ulong _b;
        private readonly ulong _c;
        private readonly ulong _d;

        /// <summary>Reads a word from 32 readable bytes.</summary>
        public Key(ref byte start, int length)
        {
            ref byte mask = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(Masks), KeySize - length);
            _a = Part(ref start, ref mask, 0);
            _b = Part(ref start, ref mask, 8);
            _c = Part(ref start, ref mask, 16);
            _d = Part(ref start, ref mask, 24) | (BitConverter.IsLittleEndian ? (ulong)length << 56 : (ulong)length);
        }

        /// <summary>The first of the word's two lines.</summary>
        public int Place
        {
            get
            {
                ulong hash = (_a * 0x9E3779B97F4A7C15) ^ (_b * 0xC2B2AE3D27D4EB4F) ^ (_c * 0x165667B19E3779F9) ^ (_d * 0x27D4EB2F165667C5);
                hash ^= hash >> 29;
                return (int)((hash * 0x9E3779B97F4A7C15) >> (64 - LineBits));
            }
        }

        /// <summary>Whether it is no word.</summary>
        public bool IsEmpty => _d == 0;

        /// <summary>Whether two words are the same.</summary>
        public bool Same(in Key other) => ((_a ^ other._a) | (_b ^ other._b) | (_c ^ other._c) | (_d ^ other._d)) == 0;

        private static ulong Part(ref byte start, ref byte mask, int offset) =>
            Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, offset)) & Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref mask, offset));
    }

    private struct Line
    {
        public Key Word;
        public int Count;
        public Ids Ids;
    }

    [InlineArray(MostIds)]
    private struct Ids
    {
        private int _first;
    }
}
