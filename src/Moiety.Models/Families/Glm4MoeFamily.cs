using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>
/// GLM-4.5 and 4.6 (arXiv 2508.06471): experts by sigmoid with a bias for the choice only, half of each head rotated. The layer that predicts a
/// second token is left out.
/// </summary>
internal sealed class Glm4MoeFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "glm4_moe";

    /// <inheritdoc/>
    public override string Models => "GLM-4.5, 4.5-Air, 4.6";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "Glm4MoeForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "glm4moe";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace.With(
        (TensorRole.SharedGate, "model.layers.{layer}.mlp.shared_experts.gate_proj.weight"),
        (TensorRole.SharedUp, "model.layers.{layer}.mlp.shared_experts.up_proj.weight"),
        (TensorRole.SharedDown, "model.layers.{layer}.mlp.shared_experts.down_proj.weight"));

    /// <inheritdoc/>
    internal override TensorNaming GgufNaming { get; } = TensorNaming.Gguf.With((TensorRole.FeedForwardNorm, "blk.{layer}.post_attention_norm.weight"));

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with { PartialRotary = ["partial_rotary_factor"] };

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f, PartialRotary = 0.5f };

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new()
    {
        IntermediateSize = 0,
        Moe = new MoeConfig { ExpertCount = 0, TopK = 0, ExpertIntermediateSize = 0, NormalizeTopK = true, Gating = GatingKind.Sigmoid, SelectionBias = true, GroupScore = GroupScore.BestTwo },
    };

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with { Attention = config.Attention with { QueryKeyNorm = QueryKeyNorm.PerHead } };

    /// <inheritdoc/>
    internal override IReadOnlyList<string> Warn(IEnumerable<string> fileNames, ModelConfig config) => PredictionLayers.Warn(fileNames, config);

    /// <inheritdoc/>
    internal override bool IsIgnored(string fileName, ModelConfig config) => PredictionLayers.Owns(fileName, config) || base.IsIgnored(fileName, config);

    /// <inheritdoc/>
    protected override ImmutableArray<FeedForwardConfig> ReadFeedForwards(ConfigFields fields, int layers, int hidden) =>
        RoutedExperts.Read(fields, layers, ReadDense(fields, hidden), FeedForward.Moe!);

    /// <inheritdoc/>
    protected override void WriteFeedForwards(ModelConfig config, JsonObject json)
    {
        json["intermediate_size"] = MixtureFields.DenseWidth(config, otherwise: config.HiddenSize);
        WriteActivation(config.FeedForwards[0], json);
        RoutedExperts.Write(config, json);
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        fields.Ignore("num_nextn_predict_layers");
        return config with
        {
            Attention = config.Attention with
            {
                QueryKeyValueBias = fields.Boolean("attention_bias") ?? false,
                QueryKeyNorm = fields.Boolean("use_qk_norm") is true ? QueryKeyNorm.PerHead : QueryKeyNorm.None,
            },
        };
    }

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json)
    {
        json["attention_bias"] = config.Attention.QueryKeyValueBias;
        json["use_qk_norm"] = config.Attention.QueryKeyNorm != QueryKeyNorm.None;
    }
}
