using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Configuration;

namespace Moiety.Models.Families.Fields;

/// <summary>
/// Experts in <c>config.json</c> as DeepSeek names them: dense layers first, then layers of routed experts, in groups or not, beside shared
/// experts that every token visits.
/// </summary>
internal static class RoutedExperts
{
    /// <summary>Reads the layers.</summary>
    /// <param name="fields">The file.</param>
    /// <param name="layers">Number of layers.</param>
    /// <param name="dense">A dense layer.</param>
    /// <param name="facts">What holds for the experts of all layers of the family.</param>
    public static ImmutableArray<FeedForwardConfig> Read(ConfigFields fields, int layers, FeedForwardConfig dense, MoeConfig facts)
    {
        // Copies of the experts over machines, and how the loss of their balance was taken.
        fields.Ignore("ep_size", "seq_aux");
        fields.Expect("moe_layer_freq", 1);
        int leading = fields.Int32("first_k_dense_replace") ?? 0;
        int width = fields.RequiredInt32("moe_intermediate_size");
        int groups = fields.Int32("n_group") ?? facts.GroupCount;
        int chosen = fields.Int32("topk_group") ?? facts.GroupTopK;
        FeedForwardConfig mixture = dense with
        {
            IntermediateSize = 0,
            Moe = facts with
            {
                ExpertCount = fields.RequiredInt32("n_routed_experts"),
                TopK = fields.RequiredInt32("num_experts_per_tok"),
                ExpertIntermediateSize = width,
                NormalizeTopK = fields.Boolean("norm_topk_prob") ?? facts.NormalizeTopK,
                WeightScale = fields.Single("routed_scaling_factor") ?? facts.WeightScale,
                GroupCount = groups,
                GroupTopK = groups == 1 ? 1 : chosen,
                SharedIntermediateSize = SaturatedSize.Product(fields.Int32("n_shared_experts") ?? 0, width),
            },
        };
        return leading < 0
            ? throw fields.Error("first_k_dense_replace", $"{leading} is negative")
            : [.. Enumerable.Range(0, layers).Select(layer => layer < leading ? dense : mixture)];
    }

    /// <summary>Writes what <see cref="Read"/> reads but for a dense layer's width and activation.</summary>
    public static void Write(ModelConfig config, JsonObject json)
    {
        if (config.FeedForwards.FirstOrDefault(layer => layer.Moe is not null)?.Moe is not { } moe)
        {
            return;
        }

        json["first_k_dense_replace"] = config.FeedForwards.TakeWhile(layer => layer.Moe is null).Count();
        json["moe_layer_freq"] = 1;
        json["n_routed_experts"] = moe.ExpertCount;
        json["n_shared_experts"] = moe.SharedIntermediateSize / moe.ExpertIntermediateSize;
        json["num_experts_per_tok"] = moe.TopK;
        json["moe_intermediate_size"] = moe.ExpertIntermediateSize;
        json["norm_topk_prob"] = moe.NormalizeTopK;
        json["routed_scaling_factor"] = moe.WeightScale;
        json["n_group"] = moe.GroupCount;
        json["topk_group"] = moe.GroupTopK;
    }
}
