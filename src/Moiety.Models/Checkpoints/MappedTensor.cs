using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>A tensor that lies in a mapped file as its header says.</summary>
internal sealed unsafe class MappedTensor(MappedFile file, StoredTensor tensor) : FileTensor
{
    /// <inheritdoc/>
    public override string Path => file.Path;

    /// <inheritdoc/>
    public override string Name => tensor.Name;

    /// <inheritdoc/>
    public override StorageFormat Format => tensor.Format;

    /// <inheritdoc/>
    public override ImmutableArray<long> Shape => tensor.Shape;

    /// <inheritdoc/>
    public override byte* Data => file.Slice(tensor.Offset, tensor.ByteLength);

    /// <inheritdoc/>
    public override object Owner => file;

    /// <inheritdoc/>
    public override void Read(long offset, long bytes, byte* target) =>
        NativeMemory.Copy(file.Slice(tensor.Offset + offset, bytes), target, (nuint)bytes);
}
