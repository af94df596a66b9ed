using System.Numerics.Tensors;
using Moiety.Inference.Model;
using Moiety.Models;
using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Routing;

/// <summary>
/// Sends tokens to experts: gating logits and choice, or a look into the table of hash routing, and the mapping table by counting sort.
/// </summary>
internal sealed unsafe class Router(int layer, MoeWeights weights)
{
    private readonly MoeConfig _config = weights.Config;
    private readonly Matrix? _matrix = weights.Router;
    private readonly Gate _gate = new(weights.Config, weights.SelectionBias);

    /// <summary>Computes a share of the logits of all rows; hash routing has none.</summary>
    public void Score(in Preparation preparation)
    {
        if (_matrix is null)
        {
            return;
        }

        PreparedSpace space = preparation.Space;
        RowRange experts = preparation.Columns(_matrix.Rows);
        MatrixProduct.MultiplyRows(_matrix, space.NormedActivations.Buffer, experts.Start, experts.End, space.RouterLogits, _matrix.Rows);
    }

    /// <summary>Chooses the experts of a share of the rows.</summary>
    /// <param name="context">The step.</param>
    /// <param name="preparation">The share; its space's table is filled in.</param>
    /// <param name="tokens">[row]: token.</param>
    /// <param name="count">Rows.</param>
    /// <exception cref="InvalidInputException">Logits are not finite.</exception>
    public void Choose(StepContext context, in Preparation preparation, int* tokens, int count)
    {
        PreparedSpace space = preparation.Space;
        RowRange rows = preparation.Rows(count);
        if (_matrix is null)
        {
            for (int row = rows.Start; row < rows.End; row++)
            {
                space.Routing.ExpertOf[row] = weights.ExpertTable[context.Layout.Tokens[tokens[row]]];
                space.Routing.Weight[row] = _config.WeightScale;
            }

            return;
        }

        for (int row = rows.Start; row < rows.End; row++)
        {
            Span<float> logits = new(space.RouterLogits + (long)row * _config.ExpertCount, _config.ExpertCount);
            Span<float> scratch = new(space.SelectionScores + (long)row * _config.ExpertCount, _config.ExpertCount);
            Span<int> experts = new(space.Routing.ExpertOf + (long)row * _config.TopK, _config.TopK);
            Span<float> expertWeights = new(space.Routing.Weight + (long)row * _config.TopK, _config.TopK);
            if (weights.RouterBias.Length > 0)
            {
                VectorMath.Add(logits, weights.RouterBias, logits);
            }

            if (!_gate.Choose(logits, scratch, experts, expertWeights))
            {
                throw NotFinite(context, tokens[row]);
            }
        }
    }

    /// <summary>Sorts all choices by expert. One worker does it for each space.</summary>
    public void Sort(PreparedSpace space, int count) => space.Routing.Sort(count, _config.TopK, _config.ExpertCount);

    /// <summary>Hands out the choices for the plans that ask for them. One worker does it.</summary>
    public void Report(StepContext context, PreparedSpace space, int* tokens, int count)
    {
        for (int row = 0; row < count; row++)
        {
            int token = tokens[row];
            ref readonly SliceState slice = ref context.Layout.SliceOf(token);
            int index = slice.Plan?.RouterDecisions.IndexOf(layer) ?? -1;
            if (index >= 0)
            {
                int sliceIndex = context.Layout.SliceIndexOf(token);
                int position = token - slice.Start;
                long offset = (long)row * _config.TopK;
                new ReadOnlySpan<int>(space.Routing.ExpertOf + offset, _config.TopK)
                    .CopyTo(new Span<int>(context.Result.Experts(sliceIndex, index, position), _config.TopK));
                new ReadOnlySpan<float>(space.Routing.Weight + offset, _config.TopK)
                    .CopyTo(new Span<float>(context.Result.ExpertWeights(sliceIndex, index, position), _config.TopK));
                int scores = slice.Plan!.RouterScores.IndexOf(layer);
                if (scores >= 0)
                {
                    Span<float> described = new(context.Result.RouterScores(sliceIndex, scores, position), _config.ExpertCount);
                    if (_matrix is null)
                    {
                        // The table leaves no choice.
                        described.Clear();
                        described[space.Routing.ExpertOf[row]] = 1;
                        continue;
                    }

                    _gate.Describe(new ReadOnlySpan<float>(space.RouterLogits + (long)row * _config.ExpertCount, _config.ExpertCount), described);
                }
            }
        }
    }

    /// <summary>Hands out the lengths of the chosen experts' outputs for the plans that ask for them. One worker does it.</summary>
    /// <param name="context">The step.</param>
    /// <param name="space">Its table is filled in.</param>
    /// <param name="tokens">[row]: token.</param>
    /// <param name="count">Rows.</param>
    /// <param name="outputs">[slot, hidden]: the experts' outputs.</param>
    public void ReportNorms(StepContext context, PreparedSpace space, int* tokens, int count, float* outputs)
    {
        int hidden = weights.Downs[0].Rows;
        for (int row = 0; row < count; row++)
        {
            int token = tokens[row];
            ref readonly SliceState slice = ref context.Layout.SliceOf(token);
            int index = slice.Plan?.ExpertOutputNorms.IndexOf(layer) ?? -1;
            if (index >= 0)
            {
                float* norms = context.Result.OutputNorms(context.Layout.SliceIndexOf(token), index, token - slice.Start);
                for (int choice = 0; choice < _config.TopK; choice++)
                {
                    int slot = space.Routing.SlotOf[row * _config.TopK + choice];
                    norms[choice] = TensorPrimitives.Norm(new ReadOnlySpan<float>(outputs + (long)slot * hidden, hidden));
                }
            }
        }
    }

    private InvalidInputException NotFinite(StepContext context, int token)
    {
        ref readonly SliceState slice = ref context.Layout.SliceOf(token);
        return new InvalidInputException(
            $"Layer {layer}: the router's logits of token {slice.Cached + token - slice.Start} (id {context.Layout.Tokens[token]}, slice "
            + $"{context.Layout.SliceIndexOf(token)}) are not finite. The weights hold NaN or too large values: open the model with weight verification to find the tensor.");
    }
}
