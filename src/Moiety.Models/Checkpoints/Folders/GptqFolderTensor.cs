using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints.Folders;

/// <summary>
/// A matrix of Q4_0 or Q8_0 in the layout of GPTQ with groups of 32, symmetric: the very integers and scales of the blocks.
/// <c>qweight</c> [columns / 8, rows] has words of neighboring columns, <c>qzeros</c> [groups, rows / 8] the middle less one
/// everywhere, <c>scales</c> [groups, rows] the scales in half precision, <c>g_idx</c> [columns] the groups. (Numbers are for four bits.)
/// </summary>
internal sealed unsafe class GptqFolderTensor : FolderTensor
{
    /// <summary>Columns that share a scale: a block.</summary>
    public const int GroupSize = 32;

    /// <summary>Rows must be a multiple of this: neighboring zeros share a word.</summary>
    public const int RowMultiple = 8;

    private const int ChunkWords = 1 << 20;
    private readonly int _bits;
    private readonly int _rows;
    private readonly int _groups;
    private byte[] _scales = [];

    /// <summary>Declares the parts.</summary>
    /// <param name="tensor">A matrix called <c>….weight</c> whose rows are whole blocks.</param>
    public GptqFolderTensor(PlannedTensor tensor)
        : base(tensor)
    {
        _bits = BitsOf(tensor.Declaration.Format);
        _rows = checked((int)tensor.Declaration.Shape[0]);
        int columns = checked((int)tensor.Declaration.Shape[1]);
        _groups = columns / GroupSize;
        int perWord = 32 / _bits;
        string module = ModuleOf(tensor);
        ElementType integers = SafetensorsFormats.Find("I32")!;
        Declarations =
        [
            new TensorDeclaration(module + ".qweight", integers, [columns / perWord, _rows]),
            new TensorDeclaration(module + ".qzeros", integers, [_groups, _rows / perWord]),
            new TensorDeclaration(module + ".g_idx", integers, [columns]),
            new TensorDeclaration(module + ".scales", StorageFormats.F16, [_groups, _rows]),
        ];
    }

    /// <inheritdoc/>
    public override ImmutableArray<TensorDeclaration> Declarations { get; }

    /// <summary>Bits of an integer.</summary>
    public static int BitsOf(StorageFormat format) => format == StorageFormats.Q4_0 ? 4 : 8;

    /// <inheritdoc/>
    public override void Write(TensorDeclaration due, PlannedTensorEncoder encode, ByteSink sink)
    {
        switch (Declarations.IndexOf(due))
        {
            case 0:
                WriteWeights(encode, sink);
                break;
            case 1:
                // The first version of the layout stores zeros less one: 7 of 8, 127 of 128.
                byte[] zeros = new byte[checked((int)due.ByteLength)];
                zeros.AsSpan().Fill((byte)(_bits == 4 ? 0x77 : 0x7F));
                sink(zeros);
                break;
            case 2:
                int[] groups = [.. Enumerable.Range(0, _groups * GroupSize).Select(column => column / GroupSize)];
                sink(MemoryMarshal.AsBytes(groups.AsSpan()));
                break;
            default:
                sink(_scales);
                _scales = [];
                break;
        }
    }

    private void WriteWeights(PlannedTensorEncoder encode, ByteSink sink)
    {
        using AlignedBuffer blocks = new(Tensor.Declaration.ByteLength);
        long filled = 0;
        encode(Tensor, bytes =>
        {
            bytes.CopyTo(blocks.Span<byte>(filled, bytes.Length));
            filled += bytes.Length;
        });

        // Half a bit for each weight: they are due only after all wider elements of the file.
        _scales = GC.AllocateUninitializedArray<byte>(checked(_groups * _rows * sizeof(ushort)));
        int groupWords = checked(_bits * _rows);
        int chunk = Math.Clamp(ChunkWords / groupWords, 1, _groups);
        int[] words = GC.AllocateUninitializedArray<int>(checked(chunk * groupWords));
        byte* data = blocks.Pointer;
        for (int first = 0; first < _groups; first += chunk)
        {
            int count = Math.Min(chunk, _groups - first);
            Parallel.For(0, count, i => PackGroup(data, first + i, words.AsSpan(i * groupWords, groupWords)));
            sink(MemoryMarshal.AsBytes(words.AsSpan(0, count * groupWords)));
        }
    }

    // A group has one word for each of its bits: 32 integers of so many bits.
    private void PackGroup(byte* blocks, int group, Span<int> words)
    {
        int blockBytes = Tensor.Declaration.Format.BlockBytes;
        long rowBytes = (long)_groups * blockBytes;
        Span<byte> scales = _scales.AsSpan(group * _rows * sizeof(ushort), _rows * sizeof(ushort));
        for (int row = 0; row < _rows; row++)
        {
            ReadOnlySpan<byte> block = new(blocks + (row * rowBytes) + ((long)group * blockBytes), blockBytes);
            block[..sizeof(ushort)].CopyTo(scales[(row * sizeof(ushort))..]);
            ReadOnlySpan<byte> integers = block[sizeof(ushort)..];
            for (int word = 0; word < _bits; word++)
            {
                words[(word * _rows) + row] = _bits == 4 ? Nibbles(integers, word) : Bytes(integers, word);
            }
        }
    }

    // Elements i and i + 16 share byte i; a word has eight neighboring elements.
    private static int Nibbles(ReadOnlySpan<byte> integers, int word)
    {
        uint packed = 0;
        for (int i = 0; i < 8; i++)
        {
            int element = (8 * word) + i;
            packed |= (uint)((integers[element % 16] >> (4 * (element / 16))) & 15) << (4 * i);
        }

        return (int)packed;
    }

    // From signed bytes to those with the zero at 128.
    private static int Bytes(ReadOnlySpan<byte> integers, int word) =>
        (int)(BinaryPrimitives.ReadUInt32LittleEndian(integers[(4 * word)..]) ^ 0x8080_8080);
}
