using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Configuration;

namespace Moiety.Models.Families.Fields;

/// <summary>
/// Experts in <c>config.json</c> as Mixtral names them: every layer has <c>num_local_experts</c> of <c>intermediate_size</c>, of which a token
/// visits <c>num_experts_per_tok</c>.
/// </summary>
internal static class LocalExperts
{
    /// <summary>Reads the layers.</summary>
    /// <param name="fields">The file.</param>
    /// <param name="layers">Number of layers.</param>
    /// <param name="family">What holds for all layers of the family, with the activation of the file.</param>
    /// <param name="experts">Experts where the file does not say.</param>
    /// <param name="topK">Experts per token where the file does not say.</param>
    public static ImmutableArray<FeedForwardConfig> Read(ConfigFields fields, int layers, FeedForwardConfig family, int experts, int topK)
    {
        FeedForwardConfig layer = family with
        {
            Moe = family.Moe! with
            {
                ExpertCount = fields.Int32("num_local_experts") ?? experts,
                TopK = fields.Int32("num_experts_per_tok") ?? topK,
                ExpertIntermediateSize = fields.RequiredInt32("intermediate_size"),
            },
        };
        return [.. Enumerable.Repeat(layer, layers)];
    }

    /// <summary>Writes what <see cref="Read"/> reads.</summary>
    public static void Write(ModelConfig config, JsonObject json)
    {
        MoeConfig? moe = config.FeedForwards[0].Moe;
        json["intermediate_size"] = moe?.ExpertIntermediateSize;
        json["num_local_experts"] = moe?.ExpertCount;
        json["num_experts_per_tok"] = moe?.TopK;
    }
}
