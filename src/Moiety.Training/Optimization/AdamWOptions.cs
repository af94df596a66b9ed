namespace Moiety.Training.Optimization;

/// <summary>Constants of AdamW; the defaults are those of GPT-3 and DeepSpeed-MoE.</summary>
public sealed record AdamWOptions
{
    /// <summary>Decay of the mean of gradients.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the mean of squared gradients.</summary>
    public double Beta2 { get; init; } = 0.95;

    /// <summary>Added to the root of the second moment.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled weight decay, on matrices only.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Gradients are scaled down to this norm over all parameters; null leaves them.</summary>
    public double? ClipNorm { get; init; } = 1;
}
