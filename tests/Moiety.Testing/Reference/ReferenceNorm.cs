using Moiety.Models.Configuration;

namespace Moiety.Testing;

/// <summary>The norms of the residual stream, by their formulas.</summary>
internal sealed class ReferenceNorm(ModelConfig config, ReferenceTensors tensors)
{
    /// <summary>Normalizes a state with the parameters of the given names, those that the model's kind of norm has.</summary>
    public double[] Apply(double[] state, string weight, string bias)
    {
        double mean = config.Norm == NormKind.Rms ? 0 : state.Average();
        double variance = state.Sum(value => (value - mean) * (value - mean)) / state.Length;
        double[] normed = [.. state.Select(value => (value - mean) / Math.Sqrt(variance + config.NormEpsilon))];
        if (config.Norm != NormKind.LayerWithoutParameters)
        {
            double[] gains = tensors.Vector(weight);
            normed = [.. normed.Select((value, index) => value * gains[index])];
        }

        if (config.Norm == NormKind.Layer)
        {
            ReferenceMath.Add(normed, tensors.Vector(bias));
        }

        return normed;
    }
}
