using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>A leaf of a <see cref="ParameterStore"/>, known before the store is allocated.</summary>
internal readonly record struct Parameter(ParameterStore Store, int Leaf)
{
    /// <summary>The leaf tensor; gradients accumulate into the store.</summary>
    internal Tensor Value => Store.LeafValue(Leaf);

    /// <summary>The gradient of the leaf.</summary>
    internal Tensor Gradient => Store.LeafGradient(Leaf);
}
