using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>The feed-forward of one layer: reads prepared rows and leaves its output to the layer.</summary>
internal abstract unsafe class FeedForward
{
    /// <summary>The forms in which the input must be prepared.</summary>
    public abstract ActivationForms InputForms { get; }

    /// <summary>Computes the output of prepared rows; a worker has written its columns only. Ends without a barrier.</summary>
    /// <param name="worker">This worker.</param>
    /// <param name="preparation">The input, prepared.</param>
    /// <param name="tokens">[row]: token.</param>
    /// <param name="count">Rows, at least 1.</param>
    /// <param name="output">[row, hidden].</param>
    /// <returns>The worker's columns of the output.</returns>
    public abstract RowRange Run(in Worker worker, in Preparation preparation, int* tokens, int count, float* output);
}
