using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>Queries, keys and values of one layer's attention, turned by their positions.</summary>
internal abstract class AttentionHeads
{
    /// <summary>Computes them.</summary>
    /// <param name="input">[batch * length, hidden], in the compute type.</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="pass">The forward pass.</param>
    /// <returns>Each [batch, heads, length, size]; one key and value for every query head.</returns>
    internal abstract (Tensor Queries, Tensor Keys, Tensor Values) Project(Tensor input, long batch, ForwardPass pass);
}
