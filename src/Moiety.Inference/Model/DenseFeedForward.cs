using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>A dense feed-forward: one perceptron that every token runs.</summary>
internal sealed unsafe class DenseFeedForward(BranchWeights weights) : FeedForward
{
    private readonly Perceptron _perceptron = new(weights, 0);

    public override ActivationForms InputForms => _perceptron.InputForms;

    public override RowRange Run(in Worker worker, in Preparation preparation, int* tokens, int count, float* output)
    {
        _perceptron.Expand(worker, preparation.Space, tokens, count);
        worker.Barrier();
        _perceptron.Prepare(preparation, worker.Workspace, count);
        preparation.Barrier();
        return _perceptron.Contract(worker, preparation.Space, tokens, count, output);
    }
}
