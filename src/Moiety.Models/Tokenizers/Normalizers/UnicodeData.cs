using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Moiety.Models.Tokenizers.Normalizers;

/// <summary>
/// What normalizers must know about characters, from a table of Moiety's own, so that a text has the same tokens on every machine,
/// whatever its libraries and globalization settings, and those that Hugging Face's library gives it, whose parts follow Unicode of
/// different ages. <c>make_unicode_data.py</c> makes the table and says which and how it is laid out.
/// </summary>
internal static class UnicodeData
{
    private const int CodePoints = 0x110000;
    private const int BlockSize = 128;
    private const byte HasDecomposition = 1;
    private const byte HasLower = 2;
    private const byte OtherAlphabetic = 4;
    private const byte Mark = 8;
    private const byte BertAccent = 16;
    private const byte BertControl = 32;
    private const int NeverComposed = 1;
    private const int Compatibility = 2;

    // Hangul syllables are composed by arithmetic (The Unicode Standard, section 3.12).
    private const int SyllableBase = 0xAC00;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TrailBase = 0x11A7;
    private const int LeadCount = 19;
    private const int VowelCount = 21;
    private const int TrailCount = 28;
    private const int SyllableCount = LeadCount * VowelCount * TrailCount;

    private static readonly Tables Data = Load();

    /// <summary>The general category.</summary>
    public static UnicodeCategory Category(Rune rune) => (UnicodeCategory)Data.Record(rune.Value).Category;

    /// <summary>The canonical combining class; 0 for what begins a new character.</summary>
    public static int CombiningClass(int codePoint) => Data.Record(codePoint).CombiningClass;

    /// <summary>Whether the character is a combining mark for <c>StripAccents</c>.</summary>
    public static bool IsMark(Rune rune) => Has(rune, Mark);

    /// <summary>Whether <c>BertNormalizer</c> drops the character as an accent.</summary>
    public static bool IsBertAccent(Rune rune) => Has(rune, BertAccent);

    /// <summary>Whether <c>BertNormalizer</c> drops the character as one that is not seen.</summary>
    public static bool IsBertControl(Rune rune) => Has(rune, BertControl);

    /// <summary>Whether the character belongs to <c>\w</c> as UTS 18 defines it.</summary>
    public static bool IsWord(Rune rune)
    {
        Record record = Data.Record(rune.Value);
        return (UnicodeCategory)record.Category is <= UnicodeCategory.EnclosingMark or UnicodeCategory.DecimalDigitNumber
                or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation
            || (record.Flags & OtherAlphabetic) != 0
            || rune.Value is 0x200C or 0x200D;
    }

    /// <summary>The lower case of a character, without regard to its neighbors or the language; usually one character.</summary>
    /// <returns>The code points, or empty when it stays as it is.</returns>
    public static ReadOnlySpan<int> Lower(int codePoint) =>
        (Data.Record(codePoint).Flags & HasLower) == 0 ? [] : Data.Lowers.Find(codePoint);

    /// <summary>Appends the full decomposition of a character.</summary>
    public static void Decompose(int codePoint, bool compatibility, List<int> output)
    {
        int syllable = codePoint - SyllableBase;
        if ((uint)syllable < SyllableCount)
        {
            output.Add(LeadBase + (syllable / (VowelCount * TrailCount)));
            output.Add(VowelBase + (syllable / TrailCount % VowelCount));
            if (syllable % TrailCount is > 0 and int trail)
            {
                output.Add(TrailBase + trail);
            }

            return;
        }

        if ((Data.Record(codePoint).Flags & HasDecomposition) == 0 || Data.Decompositions.Find(codePoint) is not [var kind, .. var parts]
            || (kind == Compatibility && !compatibility))
        {
            output.Add(codePoint);
            return;
        }

        foreach (int part in parts)
        {
            Decompose(part, compatibility, output);
        }
    }

    /// <summary>The character that two compose into, or -1.</summary>
    public static int Compose(int first, int second)
    {
        if ((uint)(first - LeadBase) < LeadCount && (uint)(second - VowelBase) < VowelCount)
        {
            return SyllableBase + ((((first - LeadBase) * VowelCount) + second - VowelBase) * TrailCount);
        }

        if ((uint)(first - SyllableBase) < SyllableCount && (first - SyllableBase) % TrailCount == 0
            && second - TrailBase is > 0 and < TrailCount and int trail)
        {
            return first + trail;
        }

        return Data.Compositions.TryGetValue(((long)first << 32) | (uint)second, out int composed) ? composed : -1;
    }

    private static bool Has(Rune rune, byte flag) => (Data.Record(rune.Value).Flags & flag) != 0;

    private static Tables Load()
    {
        using Stream resource = typeof(UnicodeData).Assembly.GetManifestResourceStream("UnicodeData.bin")!;
        using ZLibStream inflated = new(resource, CompressionMode.Decompress);
        using MemoryStream memory = new();
        inflated.CopyTo(memory);
        ReadOnlySpan<byte> rest = memory.ToArray();
        ushort[] index = new ushort[CodePoints / BlockSize];
        for (int i = 0; i < index.Length; i++)
        {
            index[i] = BinaryPrimitives.ReadUInt16LittleEndian(rest[(2 * i)..]);
        }

        rest = rest[(2 * index.Length)..];
        int blocks = Next(ref rest) * BlockSize;
        byte[] numbers = rest[..blocks].ToArray();
        rest = rest[blocks..];
        Record[] records = new Record[Next(ref rest)];
        for (int i = 0; i < records.Length; i++)
        {
            records[i] = new Record(rest[3 * i], rest[(3 * i) + 1], rest[(3 * i) + 2]);
        }

        rest = rest[(3 * records.Length)..];
        Mapping decompositions = Mapping.Read(ref rest);
        Mapping lowers = Mapping.Read(ref rest);
        Dictionary<long, int> compositions = [];
        foreach (int codePoint in decompositions.Keys)
        {
            if (decompositions.Find(codePoint) is [not (NeverComposed or Compatibility), var first, var second])
            {
                compositions.Add(((long)first << 32) | (uint)second, codePoint);
            }
        }

        return new Tables(index, numbers, records, decompositions, lowers, compositions);
    }

    private static int Next(ref ReadOnlySpan<byte> rest)
    {
        int value = BinaryPrimitives.ReadInt32LittleEndian(rest);
        rest = rest[4..];
        return value;
    }

    private readonly record struct Record(byte Category, byte CombiningClass, byte Flags);

    private sealed record Tables(
        ushort[] Index, byte[] Numbers, Record[] Records, Mapping Decompositions, Mapping Lowers, Dictionary<long, int> Compositions)
    {
        public Record Record(int codePoint) => Records[Numbers[(Index[codePoint / BlockSize] * BlockSize) + (codePoint % BlockSize)]];
    }

    private sealed record Mapping(int[] Keys, int[] Ends, int[] Values)
    {
        public static Mapping Read(ref ReadOnlySpan<byte> rest)
        {
            int count = Next(ref rest);
            int[] keys = new int[count];
            int[] ends = new int[count];
            for (int i = 0; i < count; i++)
            {
                keys[i] = Next(ref rest);
                ends[i] = Next(ref rest);
            }

            int[] values = new int[ends[^1]];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = Next(ref rest);
            }

            return new Mapping(keys, ends, values);
        }

        public ReadOnlySpan<int> Find(int codePoint) => Array.BinarySearch(Keys, codePoint) is >= 0 and int at
            ? Values.AsSpan((at == 0 ? 0 : Ends[at - 1])..Ends[at])
            : [];
    }
}
