using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>What DeepSeek-V2 and V3 share: latent attention, shared experts, and the files of both. A family adds how it routes.</summary>
internal abstract class LatentFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string GgufArchitecture => "deepseek2";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace.With(
        (TensorRole.SharedGate, "model.layers.{layer}.mlp.shared_experts.gate_proj.weight"),
        (TensorRole.SharedUp, "model.layers.{layer}.mlp.shared_experts.up_proj.weight"),
        (TensorRole.SharedDown, "model.layers.{layer}.mlp.shared_experts.down_proj.weight"));

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNamingFor(ModelConfig config) => config.Attention.Latent?.QueryRank > 0
        ? HuggingFaceNaming.With((TensorRole.Query, "model.layers.{layer}.self_attn.q_b_proj.weight"))
        : HuggingFaceNaming;

    /// <inheritdoc/>
    internal override TensorNaming GgufNamingFor(ModelConfig config) => config.Attention.Latent?.QueryRank > 0 ? LatentNames.GgufCompressed : GgufNaming;

    /// <inheritdoc/>
    internal override bool? HuggingFaceInterleaved => true;

    /// <inheritdoc/>
    internal override bool? GgufInterleaved => true;

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with { HeadSize = [] };

    /// <inheritdoc/>
    protected override LatentAttentionConfig ReadLatent(ConfigFields fields) => LatentFields.Read(fields);

    /// <inheritdoc/>
    protected override LatentAttentionConfig ReadLatent(GgufFields fields) => LatentFields.Read(fields);

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json)
    {
        LatentFields.Write(config.Attention.Latent!, json);
        LatentFields.WriteScale(config, json);
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, GgufFields fields) =>
        LatentFields.ReadScale(config with { KeyValueHeadCount = config.HeadCount }, fields);

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, Action<string, GgufValue> set)
    {
        LatentFields.Write(config.Attention.Latent!, set);
        LatentFields.WriteScale(config, set);
        set("leading_dense_block_count", GgufValue.OfSize(config.FeedForwards.TakeWhile(layer => layer.Moe is null).Count()));
        set("expert_weights_scale", GgufValue.Of(config.FeedForwards[^1].Moe?.WeightScale ?? 1));
    }
}
