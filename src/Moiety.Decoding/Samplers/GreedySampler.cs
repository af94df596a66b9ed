using System.Numerics.Tensors;

namespace Moiety.Decoding.Samplers;

/// <summary>Chooses the likeliest token; among equals the lowest id.</summary>
public sealed class GreedySampler : Sampler
{
    /// <inheritdoc/>
    public override int Sample(in DecodingState state, ReadOnlySpan<float> logits) =>
        TensorPrimitives.IndexOfMax(logits);
}
