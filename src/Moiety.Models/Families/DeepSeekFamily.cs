using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>DeepSeek-MoE (arXiv 2401.06066): Llama with many small experts beside shared ones, after dense layers.</summary>
internal sealed class DeepSeekFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "deepseek";

    /// <inheritdoc/>
    public override string Models => "DeepSeek-MoE 16B";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "DeepseekForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "deepseek";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace.With(
        (TensorRole.SharedGate, "model.layers.{layer}.mlp.shared_experts.gate_proj.weight"),
        (TensorRole.SharedUp, "model.layers.{layer}.mlp.shared_experts.up_proj.weight"),
        (TensorRole.SharedDown, "model.layers.{layer}.mlp.shared_experts.down_proj.weight"));

    /// <inheritdoc/>
    internal override bool? GgufInterleaved => true;

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with { HeadSize = [] };

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

        // The model's own code knows no factor of the weights, and llama.cpp never divides them by their sum.
        fields.Expect("norm_topk_prob", false);
        fields.Expect("routed_scaling_factor", 1);
        return RoutedExperts.Read(fields, layers, ReadDense(fields, hidden), FeedForward.Moe!);
    }

    /// <inheritdoc/>
    protected override void WriteFeedForwards(ModelConfig config, JsonObject json)
    {
        json["intermediate_size"] = MixtureFields.DenseWidth(config, otherwise: config.HiddenSize);
        WriteActivation(config.FeedForwards[0], json);
        RoutedExperts.Write(config, json);
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields) => LlamaBiases.ReadAttention(config, fields);

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json) => json["attention_bias"] = config.Attention.OutputBias;

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, Action<string, GgufValue> set)
    {
        // llama.cpp wants both, also where they say the least.
        MoeConfig? moe = config.FeedForwards[^1].Moe;
        set("leading_dense_block_count", GgufValue.OfSize(config.FeedForwards.TakeWhile(layer => layer.Moe is null).Count()));
        set("expert_weights_scale", GgufValue.Of(moe?.WeightScale ?? 1));
    }
}
