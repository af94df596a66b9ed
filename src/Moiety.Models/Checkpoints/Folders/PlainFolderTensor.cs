using System.Collections.Immutable;

namespace Moiety.Models.Checkpoints.Folders;

/// <summary>A tensor of F32, F16 or BF16: the file holds it as it is.</summary>
/// <param name="tensor">The tensor.</param>
internal sealed class PlainFolderTensor(PlannedTensor tensor) : FolderTensor(tensor)
{
    /// <inheritdoc/>
    public override ImmutableArray<TensorDeclaration> Declarations { get; } = [tensor.Declaration];

    /// <inheritdoc/>
    public override void Write(TensorDeclaration due, PlannedTensorEncoder encode, ByteSink sink) => encode(Tensor, sink);
}
