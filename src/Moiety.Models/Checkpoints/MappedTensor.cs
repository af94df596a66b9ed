using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Moiety.Models.Checkpoints;

/// <summary>A tensor that lies in a mapped file as its header says.</summary>
internal sealed unsafe class MappedTensor(MappedFile file, StoredTensor tensor) : FileTensor
{
    /// <inheritdoc/>
    public override string Path => file.Path;

    /// <inheritdoc/>
    public override string Name => tensor.Name;

    /// <inheritdoc/>
    public override ElementType Type => tensor.Type;

    /// <inheritdoc/>
    public override ImmutableArray<long> Shape => tensor.Shape;

    /// <inheritdoc/>
    public override byte* Data => IsAligned ? file.Slice(tensor.Offset, tensor.ByteLength) : null;

    /// <inheritdoc/>
    public override object Owner => file;

    /// <inheritdoc/>
    public override void Read(long offset, long bytes, byte* target) =>
        NativeMemory.Copy(file.Slice(tensor.Offset + offset, bytes), target, (nuint)bytes);

    // Some containers put elements of several bytes anywhere; blocks of quantized formats are read byte by byte.
    private bool IsAligned => tensor.Type.BlockLength > 1 || tensor.Offset % tensor.Type.BlockBytes == 0;
}
