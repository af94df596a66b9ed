using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>RMSNorm (arXiv 1910.07467): y = x / sqrt(mean(x^2) + eps) * g, in F32.</summary>
internal sealed class RmsNorm(ParameterStore store, string name, int size, float epsilon)
{
    private readonly Parameter _gain = store.Declare((name, size, 0));

    /// <summary>Normalizes rows.</summary>
    /// <param name="input">[rows, size] in F32.</param>
    internal Tensor Forward(Tensor input)
    {
        Tensor scale = input.square().mean([-1], keepdim: true).add_(epsilon).rsqrt_();
        return input * scale * _gain.Value;
    }
}
