using Moiety.Inference.Routing;
using Moiety.Numerics;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>
/// Mixture of Experts: y = sum over a token's chosen experts of weight * expert(x); in a residual MoE (DeepSpeed-MoE, arXiv
/// 2201.05596) y = c0 * experts(x) + c1 * mlp(x), [c0, c1] = softmax(W x + b). Only experts that some token chose are
/// read, each once for all its tokens. No token is dropped.
/// </summary>
internal sealed unsafe class MoeFeedForward
{
    private readonly MoeWeights _weights;
    private readonly DenseFeedForward? _fixed;
    private readonly Router _router;
    private readonly int _inner;
    private readonly int _hidden;
    private readonly ActivationForms _downForms;

    /// <param name="layer">Index of the layer.</param>
    /// <param name="weights">The experts.</param>
    /// <param name="fixedBranch">The fixed MLP of a residual MoE, or null.</param>
    public MoeFeedForward(int layer, MoeWeights weights, DenseFeedForward? fixedBranch)
    {
        _weights = weights;
        _fixed = fixedBranch;
        _router = new Router(layer, weights.Router, weights.Config);
        _inner = weights.Config.ExpertIntermediateSize;
        _hidden = weights.Router.Columns;
        InputForms = weights.Router.Format.Activations | Forms(weights.Gates) | Forms(weights.Ups)
            | (weights.Coefficient?.Format.Activations ?? ActivationForms.None) | (fixedBranch?.InputForms ?? ActivationForms.None);
        _downForms = Forms(weights.Downs);
    }

    /// <summary>The forms in which the input must be prepared.</summary>
    public ActivationForms InputForms { get; }

    /// <summary>Adds y to the residual stream, from the normed activations. Ends with a barrier.</summary>
    public void Run(StepContext context, int* tokens, int count, int worker, int workers)
    {
        Workspace workspace = context.Workspace;
        _router.Score(context, worker, workers);
        ScoreBranches(workspace, worker, workers);
        _fixed?.Expand(context, count, worker, workers);
        context.Barrier();

        _router.Choose(context, tokens, RowRange.Of(count, worker, workers));
        WeighBranches(workspace, RowRange.Of(count, worker, workers));
        _fixed?.Prepare(context, count, worker, workers);
        context.Barrier();

        if (worker == 0)
        {
            _router.Sort(context, count);
        }

        context.Barrier();
        Expand(context, worker, workers);
        context.Barrier();

        int slots = count * _weights.Config.TopK;
        ActivationBuffer expanded = workspace.ExpertActivations!.Buffer;
        expanded.Prepare(workspace.ExpertGate, slots, _inner, _inner, _downForms, worker, workers);
        context.Barrier();

        RoutingTable table = context.Routing;
        MatrixProduct.MultiplyGathered(
            _weights.Downs, new ReadOnlySpan<int>(table.ExpertOffsets, _weights.Downs.Length + 1), expanded, null, workspace.ExpertProduct, _hidden, worker, workers);
        _fixed?.Contract(context, worker, workers);
        Combine(context, tokens, count, StepContext.Columns(_hidden, worker, workers));
        context.Barrier();
    }

    /// <summary>Gate and up of all experts over their contiguous slots, a worker's columns.</summary>
    private void Expand(StepContext context, int worker, int workers)
    {
        Workspace workspace = context.Workspace;
        RoutingTable table = context.Routing;
        ActivationBuffer input = workspace.NormedActivations.Buffer;
        ReadOnlySpan<int> offsets = new(table.ExpertOffsets, _weights.Gates.Length + 1);
        MatrixProduct.MultiplyGathered(_weights.Gates, offsets, input, table.RowOf, workspace.ExpertGate, _inner, worker, workers);
        MatrixProduct.MultiplyGathered(_weights.Ups, offsets, input, table.RowOf, workspace.ExpertUp, _inner, worker, workers);
        RowRange columns = StepContext.Columns(_inner, worker, workers);
        for (int slot = 0; slot < offsets[^1]; slot++)
        {
            long offset = (long)slot * _inner + columns.Start;
            Span<float> gate = new(workspace.ExpertGate + offset, columns.Count);
            SiluGate.Apply(gate, new ReadOnlySpan<float>(workspace.ExpertUp + offset, columns.Count), gate);
        }
    }

    private void ScoreBranches(Workspace workspace, int worker, int workers)
    {
        // Two rows: the last worker has the least to do with the router.
        if (_weights.Coefficient is { } coefficient && worker == workers - 1)
        {
            MatrixProduct.MultiplyRows(coefficient, workspace.NormedActivations.Buffer, 0, 2, workspace.Coefficients, 2);
        }
    }

    private void WeighBranches(Workspace workspace, RowRange rows)
    {
        for (int row = rows.Start; _fixed is not null && row < rows.End; row++)
        {
            Span<float> coefficients = new(workspace.Coefficients + 2L * row, 2);
            VectorMath.Add(coefficients, _weights.CoefficientBias, coefficients);
            Softmax.Apply(coefficients);
        }
    }

    /// <summary>Adds the weighted outputs to a worker's columns of the residual stream, in the order of the choices.</summary>
    private void Combine(StepContext context, int* tokens, int count, RowRange columns)
    {
        Workspace workspace = context.Workspace;
        RoutingTable table = context.Routing;
        int topK = _weights.Config.TopK;
        for (int row = 0; row < count; row++)
        {
            Span<float> sum = new(workspace.Product + (long)row * _hidden + columns.Start, columns.Count);
            float expertShare = 1;
            if (_fixed is null)
            {
                sum.Clear();
            }
            else
            {
                expertShare = workspace.Coefficients[2L * row];
                VectorMath.Scale(workspace.Coefficients[2L * row + 1], sum, sum);
            }

            for (int choice = row * topK; choice < (row + 1) * topK; choice++)
            {
                float* output = workspace.ExpertProduct + (long)table.SlotOf[choice] * _hidden + columns.Start;
                VectorMath.Axpy(expertShare * table.Weight[choice], new ReadOnlySpan<float>(output, columns.Count), sum);
            }

            Span<float> target = new(workspace.Residual + (long)tokens[row] * _hidden + columns.Start, columns.Count);
            VectorMath.Add(target, sum, target);
        }
    }

    private static ActivationForms Forms(Matrix[] matrices)
    {
        ActivationForms forms = ActivationForms.None;
        foreach (Matrix matrix in matrices)
        {
            forms |= matrix.Format.Activations;
        }

        return forms;
    }
}
