using Moiety.Training.Kernels;
using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>RMSNorm (arXiv 1910.07467): y = x / sqrt(mean(x^2) + eps) * g, computed in F32.</summary>
internal sealed class RmsNorm(ParameterStore store, string name, int size, float epsilon)
{
    private readonly Parameter _gain = store.Declare((name, size, 0));

    /// <summary>Normalizes rows.</summary>
    /// <param name="input">[rows, size] in F32.</param>
    /// <param name="type">Type of the result.</param>
    internal Tensor Forward(Tensor input, ScalarType type) => RmsNormFunction.Apply(input, _gain.Value, epsilon, type);
}
