using Moiety.Training.Kernels;
using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>SwiGLU feed-forward (arXiv 2002.05202): down(silu(gate(x)) * up(x)); gate and up are one product.</summary>
internal sealed class SwiGlu
{
    private readonly Parameter _gateUp;
    private readonly Parameter _down;

    /// <summary>Declares the parameters under their canonical names.</summary>
    internal SwiGlu(ParameterStore store, string gate, string up, string down, int hidden, int intermediate)
    {
        _gateUp = store.Declare((gate, intermediate, hidden), (up, intermediate, hidden));
        _down = store.Declare((down, hidden, intermediate));
    }

    /// <summary>Applies the feed-forward to rows.</summary>
    /// <param name="input">[rows, hidden] in the compute type.</param>
    /// <param name="pass">The forward pass.</param>
    internal Tensor Forward(Tensor input, ForwardPass pass) => pass.Project(SwiGluFunction.Apply(pass.Project(input, _gateUp)), _down);
}
