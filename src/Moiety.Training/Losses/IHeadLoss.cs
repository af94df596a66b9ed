using static TorchSharp.torch;

namespace Moiety.Training.Losses;

/// <summary>
/// What the output head is trained with: the loss of a chunk of rows, and its gradient in the place of the logits, which are the largest
/// tensor of a training step and live only once.
/// </summary>
internal interface IHeadLoss
{
    /// <summary>The loss of some rows of a micro-batch.</summary>
    /// <param name="logits">[rows, vocabulary] in F32 or BF16; holds the gradient times <paramref name="scale"/> afterwards.</param>
    /// <param name="labels">[rows], int64: the right next tokens.</param>
    /// <param name="firstRow">The first row's number within the micro-batch.</param>
    /// <param name="scale">Factor of the gradient.</param>
    HeadLoss SumAndGradientInPlace(Tensor logits, Tensor labels, long firstRow, double scale);
}
