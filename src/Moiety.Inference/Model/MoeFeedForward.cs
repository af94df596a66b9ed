using Moiety.Inference.Routing;
using Moiety.Numerics;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>
/// Mixture of Experts: y = sum over a token's chosen experts of weight * expert(x); in a residual MoE (DeepSpeed-MoE, arXiv
/// 2201.05596) y = c0 * experts(x) + c1 * mlp(x), [c0, c1] = softmax(W x + b); shared experts (DeepSeekMoE, arXiv 2401.06066) add
/// their output, or (Qwen2-MoE) sigmoid(w x) times it. Only experts that some token chose are read, each once for all its tokens. No
/// token is dropped.
/// </summary>
internal sealed unsafe class MoeFeedForward : FeedForward
{
    private readonly int _layer;
    private readonly MoeWeights _weights;
    private readonly Perceptron? _fixed;
    private readonly Perceptron? _shared;
    private readonly Router _router;
    private readonly int _inner;
    private readonly int _hidden;
    private readonly ActivationForms _downForms;

    /// <param name="layer">Index of the layer.</param>
    /// <param name="weights">The experts.</param>
    public MoeFeedForward(int layer, MoeWeights weights)
    {
        _layer = layer;
        _weights = weights;
        _fixed = weights.Residual is null ? null : new Perceptron(weights.Residual, 0);
        _shared = weights.Shared is null ? null : new Perceptron(weights.Shared, 1);
        _router = new Router(layer, weights);
        _inner = weights.Config.ExpertIntermediateSize;
        _hidden = weights.Downs[0].Rows;
        InputForms = Forms(weights.Router) | Forms(weights.Gates) | Forms(weights.Ups)
            | Forms(weights.Coefficient) | Forms(weights.SharedWeight)
            | (_fixed?.InputForms ?? ActivationForms.None) | (_shared?.InputForms ?? ActivationForms.None);
        _downForms = Forms(weights.Downs);
    }

    public override ActivationForms InputForms { get; }

    public override RowRange Run(in Worker worker, in Preparation preparation, int* tokens, int count, float* output)
    {
        PreparedSpace space = preparation.Space;
        Workspace workspace = worker.Workspace;
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

        _fixed?.Expand(worker, space, tokens, count);
        _shared?.Expand(worker, space, tokens, count);
        Expand(worker, space, tokens);
        worker.Barrier();
        _fixed?.Prepare(preparation, workspace, count);
        _shared?.Prepare(preparation, workspace, count);
        preparation.Convert(space.ExpertActivations!, workspace.ExpertGate, count * _weights.Config.TopK, _inner, _downForms);
        preparation.Barrier();
        _fixed?.Contract(worker, space, tokens, count, output);
        _shared?.Contract(worker, space, tokens, count, workspace.SharedProduct);
        Contract(worker, space, tokens);
        if (worker.Layout.ReportsNorms(_layer))
        {
            worker.Barrier();
            if (worker.IsFirst)
            {
                _router.ReportNorms(worker.Context, space, tokens, count, workspace.ExpertProduct);
            }
        }

        return Combine(worker, space, count, output);
    }

    /// <summary>The inner activations of all experts over their contiguous slots, the worker's columns.</summary>
    private void Expand(in Worker worker, PreparedSpace space, int* tokens)
    {
        Workspace workspace = worker.Workspace;
        ActivationBuffer input = space.NormedActivations.Buffer;
        ReadOnlySpan<int> offsets = Offsets(space);
        int* rowOf = space.Routing.RowOf;
        RowRange columns = worker.Columns(_inner);
        bool gated = _weights.Gates.Length > 0;
        if (gated)
        {
            worker.Multiply(_weights.Gates, offsets, input, rowOf, isGathered: true, tokens, workspace.ExpertGate);
            AddBiases(_weights.GateBiases, offsets, columns, workspace.ExpertGate, _inner);
        }

        float* ups = gated ? workspace.ExpertUp : workspace.ExpertGate;
        worker.Multiply(_weights.Ups, offsets, input, rowOf, isGathered: true, tokens, ups);
        AddBiases(_weights.UpBiases, offsets, columns, ups, _inner);
        for (int slot = 0; slot < offsets[^1]; slot++)
        {
            long offset = (long)slot * _inner + columns.Start;
            Span<float> inner = new(workspace.ExpertGate + offset, columns.Count);
            if (gated)
            {
                ActivationFunctions.Gate(_weights.Activation, inner, new ReadOnlySpan<float>(ups + offset, columns.Count));
            }
            else
            {
                ActivationFunctions.Apply(_weights.Activation, inner);
            }
        }
    }

    /// <summary>Down of all experts over their contiguous slots, the worker's columns.</summary>
    private void Contract(in Worker worker, PreparedSpace space, int* tokens)
    {
        float* product = worker.Workspace.ExpertProduct;
        ReadOnlySpan<int> offsets = Offsets(space);
        worker.Multiply(_weights.Downs, offsets, space.ExpertActivations!.Buffer, space.Routing.RowOf, isGathered: false, tokens, product);
        AddBiases(_weights.DownBiases, offsets, worker.Columns(_hidden), product, _hidden);
    }

    private static void AddBiases(float[][] biases, ReadOnlySpan<int> offsets, RowRange columns, float* rows, int size)
    {
        for (int expert = 0; expert < biases.Length; expert++)
        {
            for (int slot = offsets[expert]; slot < offsets[expert + 1]; slot++)
            {
                Bias.Add(biases[expert], columns, rows + (long)slot * size);
            }
        }
    }

    private ReadOnlySpan<int> Offsets(PreparedSpace space) => new(space.Routing.ExpertOffsets, _weights.Ups.Length + 1);

    private void ScoreBranches(in Preparation preparation)
    {
        // One or two rows: one worker does them.
        if (preparation.IsFirst)
        {
            PreparedSpace space = preparation.Space;
            ActivationBuffer input = space.NormedActivations.Buffer;
            if (_weights.Coefficient is { } coefficient)
            {
                MatrixProduct.MultiplyRows(coefficient, input, 0, 2, space.Coefficients, 2);
            }

            if (_weights.SharedWeight is { } weight)
            {
                MatrixProduct.MultiplyRows(weight, input, 0, 1, space.SharedWeights, 1);
            }
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

        if (_weights.SharedWeight is not null)
        {
            Span<float> weights = new(preparation.Space.SharedWeights + rows.Start, rows.Count);
            Sigmoid.Apply(weights, weights);
        }
    }

    /// <summary>Sums the weighted outputs in the worker's columns, in the order of the choices.</summary>
    private RowRange Combine(in Worker worker, PreparedSpace space, int count, float* product)
    {
        Workspace workspace = worker.Workspace;
        RowRange columns = worker.Columns(_hidden);
        int topK = _weights.Config.TopK;
        for (int row = 0; row < count; row++)
        {
            long offset = (long)row * _hidden + columns.Start;
            Span<float> sum = new(product + offset, columns.Count);
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

            if (_shared is not null)
            {
                float weight = _weights.SharedWeight is null ? 1 : space.SharedWeights[row];
                VectorMath.Axpy(weight, new ReadOnlySpan<float>(workspace.SharedProduct + offset, columns.Count), sum);
            }

            for (int choice = row * topK; choice < (row + 1) * topK; choice++)
            {
                float* expert = workspace.ExpertProduct + (long)space.Routing.SlotOf[choice] * _hidden + columns.Start;
                VectorMath.Axpy(expertShare * space.Routing.Weight[choice], new ReadOnlySpan<float>(expert, columns.Count), sum);
            }
        }

        return columns;
    }

    private static ActivationForms Forms(params ReadOnlySpan<Matrix?> matrices)
    {
        ActivationForms forms = ActivationForms.None;
        foreach (Matrix? matrix in matrices)
        {
            forms |= matrix?.Format.Activations ?? ActivationForms.None;
        }

        return forms;
    }
}
