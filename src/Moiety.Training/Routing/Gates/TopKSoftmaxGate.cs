using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Routing.Gates;

/// <summary>
/// Top-k, then softmax (GPT-OSS): the weights of a token are the softmax of the logits of its kept choices. That is the softmax over all
/// experts, renormalized; worked out from the logits it keeps its precision where probabilities are tiny.
/// </summary>
internal sealed class TopKSoftmaxGate(GateSite site, TopKOptions options) : TopKGate(site, options)
{
    /// <inheritdoc/>
    protected override Tensor Weigh(Tensor logits, Tensor scores, RoutingTable table)
    {
        Tensor tokens = tensor(table.Tokens, device: logits.device);
        Tensor kept = logits.flatten().index_select(0, tensor(table.ProbabilityIndices, device: logits.device));
        Tensor exponentials = kept.Plus(Largest(kept, table, logits.shape[0]).neg()).exp();
        Tensor sums = zeros(logits.shape[0], dtype: ScalarType.Float32, device: logits.device).PlusAt(tokens, exponentials);
        Tensor weights = exponentials / sums.index_select(0, tokens);
        return Config.WeightScale == 1 ? weights : weights.Times(Config.WeightScale);
    }

    // Of every assignment, the largest logit of its token's kept choices: keeps exponentials in range, and cancels out.
    private static Tensor Largest(Tensor kept, RoutingTable table, long tokens)
    {
        float[] logits = HostValues.Read(kept);
        float[] largest = new float[tokens];
        largest.AsSpan().Fill(float.NegativeInfinity);
        for (int i = 0; i < logits.Length; i++)
        {
            ref float best = ref largest[table.Tokens[i]];
            best = Math.Max(best, logits[i]);
        }

        return tensor(Array.ConvertAll(table.Tokens, token => largest[token]), device: kept.device);
    }
}
