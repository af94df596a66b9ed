using Moiety.Models.Configuration;
using Moiety.Numerics.Kernels;

namespace Moiety.Inference.Model;

/// <summary>One norm of the residual stream: RMSNorm or layer normalization, with the parameters that its kind has.</summary>
/// <param name="kind">The kind.</param>
/// <param name="size">Elements of a row.</param>
/// <param name="epsilon">Keeps the root away from zero.</param>
/// <param name="weight">[size], or empty for ones.</param>
/// <param name="bias">[size], or empty for zeros.</param>
internal sealed unsafe class Norm(NormKind kind, int size, float epsilon, float[] weight, float[] bias)
{
    /// <summary>Normalizes one row; output may be the input.</summary>
    public void Apply(float* input, float* output)
    {
        ReadOnlySpan<float> source = new(input, size);
        Span<float> target = new(output, size);
        if (kind == NormKind.Rms)
        {
            RmsNorm.Apply(source, weight, epsilon, target);
        }
        else
        {
            LayerNorm.Apply(source, weight, bias, epsilon, target);
        }
    }
}
