using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>Granite 3 with experts, and the models that have a shared one beside them.</summary>
/// <param name="name">The value of <c>model_type</c>.</param>
/// <param name="architecture">The class in <c>architectures</c>.</param>
/// <param name="hasShared">Whether every layer has a shared expert.</param>
internal sealed class GraniteMoeFamily(string name, string architecture, bool hasShared) : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override string Models => hasShared ? "Granite-MoE with a shared expert" : "Granite 3.0 and 3.1, 1B-A400M and 3B-A800M";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => architecture;

    /// <inheritdoc/>
    public override string GgufArchitecture => "granitemoe";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace
        .WithFused(new TensorLocation("model.layers.{layer}.block_sparse_moe.input_linear.weight").Fused(RowGroups.One, TensorRole.ExpertGate, TensorRole.ExpertUp))
        .WithFused(new TensorLocation("model.layers.{layer}.shared_mlp.input_linear.weight").Fused(RowGroups.One, TensorRole.SharedGate, TensorRole.SharedUp))
        .With(
            (TensorRole.Router, "model.layers.{layer}.block_sparse_moe.router.layer.weight"),
            (TensorRole.ExpertDown, "model.layers.{layer}.block_sparse_moe.output_linear.weight"),
            (TensorRole.SharedDown, "model.layers.{layer}.shared_mlp.output_linear.weight"));

    /// <inheritdoc/>
    internal override bool? GgufInterleaved => true;

    /// <inheritdoc/>
    internal override bool OwnsGguf(GgufMetadata metadata) => metadata.Int32("granitemoe.expert_shared_feed_forward_length") > 0 == hasShared;

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with { HeadSize = [] };

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new()
    {
        IntermediateSize = 0,
        Moe = new MoeConfig { ExpertCount = 0, TopK = 0, ExpertIntermediateSize = 0, NormalizeTopK = true },
    };

    /// <inheritdoc/>
    protected override ImmutableArray<FeedForwardConfig> ReadFeedForwards(ConfigFields fields, int layers, int hidden)
    {
        FeedForwardConfig facts = FeedForward with { Activation = ReadActivation(fields) };
        int shared = hasShared ? fields.RequiredInt32("shared_intermediate_size") : 0;
        return LocalExperts.Read(fields, layers, facts with { Moe = facts.Moe! with { SharedIntermediateSize = shared } }, experts: 8, topK: 2);
    }

    /// <inheritdoc/>
    protected override void WriteFeedForwards(ModelConfig config, JsonObject json)
    {
        WriteActivation(config.FeedForwards[0], json);
        LocalExperts.Write(config, json);
        if (hasShared)
        {
            json["shared_intermediate_size"] = config.FeedForwards[0].Moe?.SharedIntermediateSize;
        }
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields) => GraniteFactors.Read(LlamaBiases.ReadAttention(config, fields), fields);

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json)
    {
        json["attention_bias"] = config.Attention.OutputBias;
        GraniteFactors.Write(config, json);
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, GgufFields fields) => GraniteFactors.Read(config, fields);

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, Action<string, GgufValue> set) => GraniteFactors.Write(config, set);
}
