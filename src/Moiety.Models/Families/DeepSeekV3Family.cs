using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;

namespace Moiety.Models.Families;

/// <summary>
/// DeepSeek-V3 and R1 (arXiv 2412.19437): latent attention, experts by sigmoid with a bias for the choice only, from the groups with the best
/// two experts. The layer that predicts a second token is left out.
/// </summary>
internal sealed class DeepSeekV3Family : LatentFamily
{
    /// <inheritdoc/>
    public override string Name => "deepseek_v3";

    /// <inheritdoc/>
    public override string Models => "DeepSeek-V3, R1, V3.1; Moonlight";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "DeepseekV3ForCausalLM";

    /// <inheritdoc/>
    internal override bool OwnsGguf(GgufMetadata metadata) => metadata.Int32("deepseek2.expert_gating_func") is 2;

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new()
    {
        IntermediateSize = 0,
        Moe = new MoeConfig { ExpertCount = 0, TopK = 0, ExpertIntermediateSize = 0, NormalizeTopK = true, Gating = GatingKind.Sigmoid, SelectionBias = true, GroupScore = GroupScore.BestTwo },
    };

    /// <inheritdoc/>
    internal override IReadOnlyList<string> Warn(IEnumerable<string> fileNames, ModelConfig config) => PredictionLayers.Warn(fileNames, config);

    /// <inheritdoc/>
    internal override bool IsIgnored(string fileName, ModelConfig config) => PredictionLayers.Owns(fileName, config) || base.IsIgnored(fileName, config);

    /// <inheritdoc/>
    protected override ImmutableArray<FeedForwardConfig> ReadFeedForwards(ConfigFields fields, int layers, int hidden)
    {
        fields.Expect("scoring_func", "sigmoid");
        fields.Expect("topk_method", "noaux_tc");

        // What files mean that leave it out.
        return RoutedExperts.Read(fields, layers, ReadDense(fields, hidden), FeedForward.Moe! with { WeightScale = 2.5f, GroupCount = 8, GroupTopK = 4 });
    }

    /// <inheritdoc/>
    protected override void WriteFeedForwards(ModelConfig config, JsonObject json)
    {
        json["intermediate_size"] = MixtureFields.DenseWidth(config, otherwise: config.HiddenSize);
        WriteActivation(config.FeedForwards[0], json);
        RoutedExperts.Write(config, json);
        json["scoring_func"] = "sigmoid";
        json["topk_method"] = "noaux_tc";
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        // The sizes of a head follow from its parts; the prediction layer is left out.
        fields.Ignore("head_dim", "qk_head_dim", "num_nextn_predict_layers");
        fields.Expect("attention_bias", false);
        fields.Expect("rope_interleave", true);
        return LatentFields.ReadScale(config with { KeyValueHeadCount = config.HeadCount }, fields);
    }
}
