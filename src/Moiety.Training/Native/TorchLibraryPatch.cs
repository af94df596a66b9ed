using System.Buffers.Binary;
using System.Text;

namespace Moiety.Training.Native;

/// <summary>
/// Makes TorchSharp's native library loadable where libstdc++ is older than GCC 13 (Debian 12, Ubuntu 22.04).
/// The library needs one symbol of version <c>GLIBCXX_3.4.32</c>: <c>std::ios_base_library_init()</c>, a function that
/// takes nothing and only marks that iostreams are initialized, which libtorch's own objects do anyway. The patch
/// binds it to another imported function that takes nothing and has no effect (<c>steady_clock::now</c>), and turns the
/// version need into <c>GLIBCXX_3.4.30</c>: 14 bytes of the ELF file's dynamic symbol and version tables.
/// </summary>
internal static class TorchLibraryPatch
{
    /// <summary>The symbol that older libstdc++ lack.</summary>
    internal const string MissingSymbol = "_ZSt21ios_base_library_initv";

    /// <summary>The version that the symbol carries.</summary>
    internal const string MissingVersion = "GLIBCXX_3.4.32";

    private const string StandInSymbol = "_ZNSt6chrono3_V212steady_clock3nowEv";
    private const string StandInVersion = "GLIBCXX_3.4.30";

    private const int DynamicSymbolSection = 11;
    private const int VersionNeedSection = 0x6ffffffe;
    private const int VersionSymbolSection = 0x6fffffff;
    private const int SymbolBytes = 24;

    /// <summary>Patches the bytes of the library in place; bytes that are patched already stay as they are.</summary>
    /// <param name="library">The whole file.</param>
    /// <returns>The number of bytes that were written: 14, or 0 when the library needs no patch.</returns>
    /// <exception cref="InvalidOperationException">The bytes are not the ELF file that this patch knows.</exception>
    internal static int Apply(Span<byte> library)
    {
        if (library.Length < 64 || !library[..4].SequenceEqual("\u007fELF"u8) || library[4] != 2 || library[5] != 1)
        {
            throw Unknown("it is not a 64-bit little-endian ELF file");
        }

        Section symbols = default, versions = default, needs = default, strings = default;
        long sectionTable = ReadOffset(library, 40);
        int sectionSize = BinaryPrimitives.ReadUInt16LittleEndian(library[58..]);
        int sectionCount = BinaryPrimitives.ReadUInt16LittleEndian(library[60..]);
        for (int i = 0; i < sectionCount; i++)
        {
            Section section = Section.Read(library, sectionTable + ((long)i * sectionSize));
            switch (section.Type)
            {
                case DynamicSymbolSection:
                    symbols = section;
                    strings = Section.Read(library, sectionTable + ((long)section.Link * sectionSize));
                    break;
                case VersionNeedSection:
                    needs = section;
                    break;
                case VersionSymbolSection:
                    versions = section;
                    break;
            }
        }

        if (symbols.Size == 0 || versions.Size == 0 || needs.Size == 0 || strings.Size == 0)
        {
            throw Unknown("it has no dynamic symbol or version tables");
        }

        int oldNeed = FindNeed(library, needs, strings, MissingVersion);
        if (oldNeed < 0)
        {
            return 0;
        }

        int newNeed = FindNeed(library, needs, strings, StandInVersion);
        int missing = FindSymbol(library, symbols, strings, MissingSymbol);
        int standIn = FindSymbol(library, symbols, strings, StandInSymbol);
        if (newNeed < 0 || missing < 0 || standIn < 0)
        {
            throw Unknown($"it needs {MissingVersion}, but {(newNeed < 0 ? StandInVersion : missing < 0 ? MissingSymbol : StandInSymbol)} is not among its imports");
        }

        int versionNumber = BinaryPrimitives.ReadUInt16LittleEndian(library[(oldNeed + 6)..]);
        for (int i = 0; i < versions.Size / 2; i++)
        {
            if (i != missing && BinaryPrimitives.ReadUInt16LittleEndian(Slice(library, versions.Offset + (2L * i), 2)) == versionNumber)
            {
                throw Unknown($"more than one symbol needs {MissingVersion}");
            }
        }

        // .dynsym: the name (4 bytes). .gnu.version: its version number (2). .gnu.version_r: hash (4) and name (4) of the need.
        Slice(library, symbols.Offset + ((long)SymbolBytes * standIn), 4).CopyTo(Slice(library, symbols.Offset + ((long)SymbolBytes * missing), 4));
        Slice(library, versions.Offset + (2L * standIn), 2).CopyTo(Slice(library, versions.Offset + (2L * missing), 2));
        library.Slice(newNeed, 4).CopyTo(library.Slice(oldNeed, 4));
        library.Slice(newNeed + 8, 4).CopyTo(library.Slice(oldNeed + 8, 4));
        return 14;
    }

    // Index of an undefined symbol in .dynsym, or -1.
    private static int FindSymbol(Span<byte> library, Section symbols, Section strings, string name)
    {
        for (int i = 0; i < symbols.Size / SymbolBytes; i++)
        {
            Span<byte> entry = Slice(library, symbols.Offset + ((long)SymbolBytes * i), SymbolBytes);
            bool undefined = BinaryPrimitives.ReadUInt16LittleEndian(entry[6..]) == 0;
            if (undefined && NameEquals(library, strings, BinaryPrimitives.ReadUInt32LittleEndian(entry), name))
            {
                return i;
            }
        }

        return -1;
    }

    // File offset of the Elf64_Vernaux {hash, flags, other, name, next} with this version name, or -1.
    private static int FindNeed(Span<byte> library, Section needs, Section strings, string version)
    {
        long need = needs.Offset;
        while (true)
        {
            Span<byte> header = Slice(library, need, 16);
            int count = BinaryPrimitives.ReadUInt16LittleEndian(header[2..]);
            long entry = need + BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
            for (int i = 0; i < count; i++)
            {
                Span<byte> fields = Slice(library, entry, 16);
                if (NameEquals(library, strings, BinaryPrimitives.ReadUInt32LittleEndian(fields[8..]), version))
                {
                    return checked((int)entry);
                }

                entry += BinaryPrimitives.ReadUInt32LittleEndian(fields[12..]);
            }

            uint next = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
            if (next == 0)
            {
                return -1;
            }

            need += next;
        }
    }

    private static bool NameEquals(Span<byte> library, Section strings, uint offset, string name)
    {
        Span<byte> expected = stackalloc byte[128];
        int length = Encoding.ASCII.GetBytes(name, expected);
        expected[length] = 0;
        return offset + (ulong)length < (ulong)strings.Size
            && Slice(library, strings.Offset + offset, length + 1).SequenceEqual(expected[..(length + 1)]);
    }

    private static Span<byte> Slice(Span<byte> library, long offset, int length) =>
        offset >= 0 && offset <= library.Length - length
            ? library.Slice((int)offset, length)
            : throw Unknown($"a table points to byte {offset} of {library.Length}");

    private static long ReadOffset(Span<byte> library, long at) => BinaryPrimitives.ReadInt64LittleEndian(Slice(library, at, 8));

    private static InvalidOperationException Unknown(string reason) => new(
        $"TorchSharp's native library wants {MissingVersion}, which this system's libstdc++ lacks, and could not be adapted: {reason}. "
        + "Use a system with libstdc++ of GCC 13.2 or newer, or TorchSharp 0.107.0.");

    private readonly record struct Section(uint Type, long Offset, long Size, uint Link)
    {
        internal static Section Read(Span<byte> library, long at)
        {
            Span<byte> header = Slice(library, at, 64);
            return new Section(
                BinaryPrimitives.ReadUInt32LittleEndian(header[4..]),
                BinaryPrimitives.ReadInt64LittleEndian(header[24..]),
                BinaryPrimitives.ReadInt64LittleEndian(header[32..]),
                BinaryPrimitives.ReadUInt32LittleEndian(header[40..]));
        }
    }
}
