using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Configuration;

namespace Moiety.Models.Families.Fields;

/// <summary>
/// Experts in <c>config.json</c> as Qwen's families name them: which layers have them (<c>decoder_sparse_step</c>,
/// <c>mlp_only_layers</c>), their number, width and choice, and a shared expert.
/// </summary>
internal static class MixtureFields
{
    /// <summary>Reads the layers.</summary>
    /// <param name="fields">The file.</param>
    /// <param name="layers">Number of layers.</param>
    /// <param name="dense">A dense layer.</param>
    /// <param name="facts">What holds for the experts of all layers of the family.</param>
    /// <param name="hasShared">Whether the family has a shared expert.</param>
    public static ImmutableArray<FeedForwardConfig> Read(ConfigFields fields, int layers, FeedForwardConfig dense, MoeConfig facts, bool hasShared)
    {
        int step = fields.Int32("decoder_sparse_step") ?? 1;
        HashSet<int> only = [.. fields.Int32List("mlp_only_layers") ?? []];
        FeedForwardConfig mixture = dense with
        {
            IntermediateSize = 0,
            Moe = facts with
            {
                ExpertCount = fields.RequiredInt32("num_experts"),
                TopK = fields.RequiredInt32("num_experts_per_tok"),
                ExpertIntermediateSize = fields.RequiredInt32("moe_intermediate_size"),
                NormalizeTopK = fields.Boolean("norm_topk_prob") ?? false,
                SharedIntermediateSize = hasShared ? fields.RequiredInt32("shared_expert_intermediate_size") : 0,
            },
        };
        return step < 1
            ? throw fields.Error("decoder_sparse_step", $"{step} is not positive")
            : [.. Enumerable.Range(0, layers).Select(layer => only.Contains(layer) || (layer + 1) % step != 0 ? dense : mixture)];
    }

    /// <summary>Writes what <see cref="Read"/> reads but for a dense layer's width and activation.</summary>
    public static void Write(ModelConfig config, JsonObject json)
    {
        if (config.FeedForwards.FirstOrDefault(layer => layer.Moe is not null)?.Moe is not { } moe)
        {
            return;
        }

        json["num_experts"] = moe.ExpertCount;
        json["num_experts_per_tok"] = moe.TopK;
        json["moe_intermediate_size"] = moe.ExpertIntermediateSize;
        json["norm_topk_prob"] = moe.NormalizeTopK;
        json["decoder_sparse_step"] = 1;
        json["mlp_only_layers"] = new JsonArray([.. Enumerable.Range(0, config.LayerCount).Where(layer => config.FeedForwards[layer].Moe is null).Select(layer => JsonValue.Create(layer))]);
        if (moe.SharedIntermediateSize > 0)
        {
            json["shared_expert_intermediate_size"] = moe.SharedIntermediateSize;
        }
    }

    /// <summary>Width of the dense layers for the file, or another number when there are none.</summary>
    public static int DenseWidth(ModelConfig config, int otherwise) =>
        config.FeedForwards.FirstOrDefault(layer => layer.Moe is null)?.IntermediateSize ?? otherwise;
}
