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
    public void Run(in Worker worker, in Preparation preparation, int* tokens, int count)
    {
        PreparedSpace space = preparation.Space;
        _router.Score(preparation);
        ScoreBranches(preparation);
        preparation.Barrier();
        _router.Choose(worker.Context, preparation, tokens, count);
        WeighBranches(preparation, count);
        preparation.Barrier();
        if (preparation.IsFirst)
        {
            _router.Sort(space, count);
        }

        preparation.Barrier();
        if (worker.IsFirst)
        {
            _router.Report(worker.Context, space, tokens, count);
        }

        _fixed?.Expand(worker, space, count);
        Expand(worker, space);
        worker.Barrier();
        _fixed?.Prepare(preparation, worker.Workspace, count);
        preparation.Convert(space.ExpertActivations!, worker.Workspace.ExpertGate, count * _weights.Config.TopK, _inner, _downForms);
        preparation.Barrier();
        _fixed?.Contract(worker, space);
        MatrixProduct.MultiplyGathered(
            _weights.Downs, Offsets(space), space.ExpertActivations!.Buffer, null, worker.Workspace.ExpertProduct, _hidden, worker.Index, worker.Count);
        Combine(worker, space, tokens, count);
        worker.Barrier();
    }

    /// <summary>Gate and up of all experts over their contiguous slots, the worker's columns.</summary>
    private void Expand(in Worker worker, PreparedSpace space)
    {
        Workspace workspace = worker.Workspace;
        ActivationBuffer input = space.NormedActivations.Buffer;
        ReadOnlySpan<int> offsets = Offsets(space);
        MatrixProduct.MultiplyGathered(_weights.Gates, offsets, input, space.Routing.RowOf, workspace.ExpertGate, _inner, worker.Index, worker.Count);
        MatrixProduct.MultiplyGathered(_weights.Ups, offsets, input, space.Routing.RowOf, workspace.ExpertUp, _inner, worker.Index, worker.Count);
        RowRange columns = worker.Columns(_inner);
        for (int slot = 0; slot < offsets[^1]; slot++)
        {
            long offset = (long)slot * _inner + columns.Start;
            Span<float> gate = new(workspace.ExpertGate + offset, columns.Count);
            SiluGate.Apply(gate, new ReadOnlySpan<float>(workspace.ExpertUp + offset, columns.Count), gate);
        }
    }

    private ReadOnlySpan<int> Offsets(PreparedSpace space) => new(space.Routing.ExpertOffsets, _weights.Gates.Length + 1);

    private void ScoreBranches(in Preparation preparation)
    {
        // Two rows: one worker does them.
        if (_weights.Coefficient is { } coefficient && preparation.IsFirst)
        {
            MatrixProduct.MultiplyRows(coefficient, preparation.Space.NormedActivations.Buffer, 0, 2, preparation.Space.Coefficients, 2);
        }
    }

    private void WeighBranches(in Preparation preparation, int count)
    {
        RowRange rows = preparation.Rows(count);
        for (int row = rows.Start; _fixed is not null && row < rows.End; row++)
        {
            Span<float> coefficients = new(preparation.Space.Coefficients + 2L * row, 2);
            VectorMath.Add(coefficients, _weights.CoefficientBias, coefficients);
            Softmax.Apply(coefficients);
        }
    }

    /// <summary>Adds the weighted outputs to the worker's columns of the residual stream, in the order of the choices.</summary>
    private void Combine(in Worker worker, PreparedSpace space, int* tokens, int count)
    {
        Workspace workspace = worker.Workspace;
        RowRange columns = worker.Columns(_hidden);
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
                expertShare = space.Coefficients[2L * row];
                VectorMath.Scale(space.Coefficients[2L * row + 1], sum, sum);
            }

            for (int choice = row * topK; choice < (row + 1) * topK; choice++)
            {
                float* output = workspace.ExpertProduct + (long)space.Routing.SlotOf[choice] * _hidden + columns.Start;
                VectorMath.Axpy(expertShare * space.Routing.Weight[choice], new ReadOnlySpan<float>(output, columns.Count), sum);
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
