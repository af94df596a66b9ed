using Moiety.Inference.Model;
using Moiety.Inference.Steps;
using Moiety.Models;
using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Routing;

/// <summary>Sends tokens to experts: gating logits, choice, and the mapping table by counting sort.</summary>
internal sealed unsafe class Router(int layer, Matrix weights, MoeConfig config)
{
    /// <summary>Computes a worker's share of the logits of all rows.</summary>
    public void Score(StepContext context, int worker, int workers)
    {
        RowRange experts = StepContext.Columns(weights.Rows, worker, workers);
        MatrixProduct.MultiplyRows(
            weights, context.Workspace.NormedActivations.Buffer, experts.Start, experts.End, context.Workspace.RouterLogits, weights.Rows);
    }

    /// <summary>Chooses the experts of a worker's share of the rows.</summary>
    /// <param name="context">The step.</param>
    /// <param name="tokens">[row]: token.</param>
    /// <param name="rows">The worker's rows.</param>
    /// <exception cref="InvalidInputException">Logits are not finite.</exception>
    public void Choose(StepContext context, int* tokens, RowRange rows)
    {
        RoutingTable table = context.Routing;
        for (int row = rows.Start; row < rows.End; row++)
        {
            Span<float> logits = new(context.Workspace.RouterLogits + (long)row * config.ExpertCount, config.ExpertCount);
            Span<int> experts = new(table.ExpertOf + (long)row * config.TopK, config.TopK);
            Span<float> expertWeights = new(table.Weight + (long)row * config.TopK, config.TopK);
            if (!Gate.Choose(config, logits, experts, expertWeights))
            {
                throw NotFinite(context, tokens[row]);
            }

            Report(context, tokens[row], experts, expertWeights);
        }
    }

    /// <summary>Sorts all choices by expert. One worker does it.</summary>
    public void Sort(StepContext context, int rows) => context.Routing.Sort(rows, config.TopK, config.ExpertCount);

    private void Report(StepContext context, int token, ReadOnlySpan<int> experts, ReadOnlySpan<float> expertWeights)
    {
        ref readonly SliceState slice = ref context.Layout.SliceOf(token);
        int index = slice.Plan?.RouterDecisions.IndexOf(layer) ?? -1;
        if (index >= 0)
        {
            StepResult result = context.Result;
            int sliceIndex = context.Layout.SliceIndexOf(token);
            experts.CopyTo(new Span<int>(result.Experts(sliceIndex, index, token - slice.Start), experts.Length));
            expertWeights.CopyTo(new Span<float>(result.ExpertWeights(sliceIndex, index, token - slice.Start), experts.Length));
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
