using System.Collections.Immutable;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints.Folders;

/// <summary>
/// Stacked experts of MXFP4 as GPT-OSS publishes them: nibbles in <c>…_blocks</c> [experts, rows, blocks, 16], exponents in
/// <c>…_scales</c> [experts, rows, blocks].
/// </summary>
internal sealed class Mxfp4FolderTensor : FolderTensor
{
    /// <summary>How the name of the nibbles ends.</summary>
    public const string BlocksSuffix = "_blocks";

    private const int NibbleBytes = 16;
    private readonly MemoryStream _exponents = new();

    /// <summary>Declares the parts.</summary>
    /// <param name="tensor">Experts called <c>…_blocks</c> whose rows are whole blocks.</param>
    public Mxfp4FolderTensor(PlannedTensor tensor)
        : base(tensor)
    {
        ElementType bytes = SafetensorsFormats.Find("U8")!;
        ImmutableArray<long> blocks = [.. tensor.Declaration.Shape[..^1], tensor.Declaration.Shape[^1] / StorageFormats.MXFP4.BlockLength];
        Declarations =
        [
            new TensorDeclaration(tensor.Declaration.Name, bytes, [.. blocks, NibbleBytes]),
            new TensorDeclaration(tensor.Declaration.Name[..^BlocksSuffix.Length] + "_scales", bytes, blocks),
        ];
    }

    /// <inheritdoc/>
    public override ImmutableArray<TensorDeclaration> Declarations { get; }

    /// <inheritdoc/>
    public override void Write(TensorDeclaration due, PlannedTensorEncoder encode, ByteSink sink)
    {
        if (due != Declarations[0])
        {
            sink(_exponents.GetBuffer().AsSpan(0, (int)_exponents.Length));
            _exponents.SetLength(0);
            _exponents.Capacity = 0;
            return;
        }

        byte[] pending = new byte[StorageFormats.MXFP4.BlockBytes];
        int held = 0;
        encode(Tensor, bytes =>
        {
            // Pieces of what was put together in memory may end within a block.
            if (held > 0)
            {
                int missing = Math.Min(pending.Length - held, bytes.Length);
                bytes[..missing].CopyTo(pending.AsSpan(held));
                held += missing;
                bytes = bytes[missing..];
                if (held < pending.Length)
                {
                    return;
                }

                Split(pending, sink);
            }

            int whole = bytes.Length / pending.Length * pending.Length;
            Split(bytes[..whole], sink);
            held = bytes.Length - whole;
            bytes[whole..].CopyTo(pending);
        });
    }

    private void Split(ReadOnlySpan<byte> blocks, ByteSink sink)
    {
        int count = blocks.Length / StorageFormats.MXFP4.BlockBytes;
        byte[] nibbles = new byte[count * NibbleBytes];
        byte[] exponents = new byte[count];
        Mxfp4Layout.Split(blocks, nibbles, exponents);
        sink(nibbles);
        _exponents.Write(exponents);
    }
}
