using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;

namespace Moiety.Models.Families;

/// <summary>
/// DeepSeek-V2 (arXiv 2405.04434) and V2-Lite: latent attention, experts by softmax, in the larger model only from the groups with the best
/// expert.
/// </summary>
internal sealed class DeepSeekV2Family : LatentFamily
{
    /// <inheritdoc/>
    public override string Name => "deepseek_v2";

    /// <inheritdoc/>
    public override string Models => "DeepSeek-V2, V2-Lite, Coder-V2";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "DeepseekV2ForCausalLM";

    /// <inheritdoc/>
    internal override bool OwnsGguf(GgufMetadata metadata) => metadata.Int32("deepseek2.expert_gating_func") is not 2;

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new()
    {
        IntermediateSize = 0,
        Moe = new MoeConfig { ExpertCount = 0, TopK = 0, ExpertIntermediateSize = 0, NormalizeTopK = false },
    };

    /// <inheritdoc/>
    protected override ImmutableArray<FeedForwardConfig> ReadFeedForwards(ConfigFields fields, int layers, int hidden)
    {
        fields.Expect("scoring_func", "softmax");

        // Implementations disagree whether weights that were divided by their sum are scaled; no published model has both.
        fields.Expect("norm_topk_prob", false);
        bool grouped = (fields.Text("topk_method") ?? "greedy") switch
        {
            "greedy" => false,
            "group_limited_greedy" => true,
            var method => throw fields.Error("topk_method", $"\"{method}\" is not supported for \"{Name}\"; known: greedy, group_limited_greedy"),
        };
        if (!grouped)
        {
            fields.Expect("n_group", 1);
        }

        return RoutedExperts.Read(fields, layers, ReadDense(fields, hidden), FeedForward.Moe!);
    }

    /// <inheritdoc/>
    protected override void WriteFeedForwards(ModelConfig config, JsonObject json)
    {
        json["intermediate_size"] = MixtureFields.DenseWidth(config, otherwise: config.HiddenSize);
        WriteActivation(config.FeedForwards[0], json);
        RoutedExperts.Write(config, json);
        json["scoring_func"] = "softmax";
        json["topk_method"] = config.FeedForwards[^1].Moe?.GroupCount > 1 ? "group_limited_greedy" : "greedy";
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        // The sizes of a head follow from its parts.
        fields.Ignore("head_dim", "qk_head_dim");
        fields.Expect("attention_bias", false);
        fields.Expect("rope_interleave", true);
        return LatentFields.ReadScale(config with { KeyValueHeadCount = config.HeadCount }, fields);
    }
}
