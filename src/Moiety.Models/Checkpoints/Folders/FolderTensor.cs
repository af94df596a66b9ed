using System.Collections.Immutable;

namespace Moiety.Models.Checkpoints.Folders;

/// <summary>What a Hugging Face folder holds for a planned tensor: one tensor, or several that a quantized matrix is kept in.</summary>
/// <param name="tensor">The planned tensor; its format says how the weights are rounded.</param>
internal abstract class FolderTensor(PlannedTensor tensor)
{
    /// <summary>The tensor in the model's terms.</summary>
    public PlannedTensor Tensor => tensor;

    /// <summary>The tensors of the file; those of wider elements first.</summary>
    public abstract ImmutableArray<TensorDeclaration> Declarations { get; }

    /// <summary>Bytes of all of them.</summary>
    public long ByteLength => Declarations.Sum(declaration => declaration.ByteLength);

    /// <summary>Writes one of <see cref="Declarations"/>; they are asked for in their order, each once.</summary>
    /// <param name="due">The one that is due.</param>
    /// <param name="encode">Encodes the planned tensor.</param>
    /// <param name="sink">Receives the bytes.</param>
    /// <exception cref="InvalidInputException">A value is not finite, or does not fit the format.</exception>
    public abstract void Write(TensorDeclaration due, PlannedTensorEncoder encode, ByteSink sink);

    /// <summary>The name of the module whose weight it is, when it is a matrix called <c>….weight</c>.</summary>
    protected static string ModuleOf(PlannedTensor tensor) => tensor.Declaration.Name[..^FolderPlan.WeightSuffix.Length];
}
