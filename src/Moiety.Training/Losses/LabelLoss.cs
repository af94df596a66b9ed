using static TorchSharp.torch;

namespace Moiety.Training.Losses;

/// <summary>The labels alone: <see cref="CrossEntropyLoss"/>, without a teacher.</summary>
internal sealed class LabelLoss : IHeadLoss
{
    /// <summary>The loss; it holds no state.</summary>
    internal static LabelLoss Instance { get; } = new();

    /// <inheritdoc/>
    public HeadLoss SumAndGradientInPlace(Tensor logits, Tensor labels, long firstRow, double scale) =>
        new(CrossEntropyLoss.SumAndGradientInPlace(logits, labels, scale), 0);
}
