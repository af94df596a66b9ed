using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>Command-R and R+: attention and feed-forward side by side after one LayerNorm without bias, neighboring pairs rotated, a factor of the logits.</summary>
internal sealed class CohereFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "cohere";

    /// <inheritdoc/>
    public override string Models => "Command-R, Command-R+";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "CohereForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "command-r";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace.With(
        (TensorRole.QueryNorm, new TensorLocation("model.layers.{layer}.self_attn.q_norm.weight").PerHead()),
        (TensorRole.KeyNorm, new TensorLocation("model.layers.{layer}.self_attn.k_norm.weight").PerHead()));

    /// <inheritdoc/>
    internal override TensorNaming GgufNaming { get; } = TensorNaming.Gguf.With(
        (TensorRole.QueryNorm, new TensorLocation("blk.{layer}.attn_q_norm.weight").PerHead()),
        (TensorRole.KeyNorm, new TensorLocation("blk.{layer}.attn_k_norm.weight").PerHead()));

    /// <inheritdoc/>
    internal override bool? HuggingFaceInterleaved => true;

    /// <inheritdoc/>
    internal override bool? GgufInterleaved => true;

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with { HeadSize = [], Epsilon = ["layer_norm_eps"] };

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f, TieWordEmbeddings = true };

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with
    {
        Norm = NormKind.LayerWithoutBias,
        NormPlacement = NormPlacement.Parallel,
        Attention = config.Attention with { QueryKeyNorm = QueryKeyNorm.PerHeadLayer },
    };

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        ModelConfig biased = LlamaBiases.ReadAttention(config, fields);
        return biased with
        {
            LogitScale = fields.Single("logit_scale") ?? 0.0625f,
            Attention = biased.Attention with { QueryKeyNorm = fields.Boolean("use_qk_norm") is true ? QueryKeyNorm.PerHeadLayer : QueryKeyNorm.None },
        };
    }

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json)
    {
        json["attention_bias"] = config.Attention.OutputBias;
        json["logit_scale"] = config.LogitScale;
        json["use_qk_norm"] = config.Attention.QueryKeyNorm == QueryKeyNorm.PerHeadLayer;
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, GgufFields fields) =>
        config with { LogitScale = fields.Single("logit_scale") is { } scale && scale != 0 ? scale : 1 };

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, Action<string, GgufValue> set) => set("logit_scale", GgufValue.Of(config.LogitScale));
}
