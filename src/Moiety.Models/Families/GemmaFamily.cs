using System.Text.Json.Nodes;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>Gemma (arXiv 2403.08295): Llama with a scaled embedding, GELU, wide heads, and norms that are stored as the difference from 1.</summary>
internal sealed class GemmaFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "gemma";

    /// <inheritdoc/>
    public override string Models => "Gemma, CodeGemma";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "GemmaForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "gemma";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace.With(
        (TensorRole.AttentionNorm, new TensorLocation("model.layers.{layer}.input_layernorm.weight").Plus(1)),
        (TensorRole.FeedForwardNorm, new TensorLocation("model.layers.{layer}.post_attention_layernorm.weight").Plus(1)),
        (TensorRole.FinalNorm, new TensorLocation("model.norm.weight").Plus(1)));

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { TieWordEmbeddings = true, HeadSize = 256 };

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new() { IntermediateSize = 0, Activation = Activation.GeluTanhGated };

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with { EmbeddingScale = MathF.Sqrt(config.HiddenSize) };

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields) => LlamaBiases.ReadAttention(config, fields);

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json)
    {
        json["attention_bias"] = config.Attention.OutputBias;
        json["hidden_activation"] = ActivationNames.Of(config.FeedForwards[0].Activation);
    }

    /// <inheritdoc/>
    protected override Activation ReadActivation(ConfigFields fields)
    {
        // The first files say "gelu" in hidden_act; the models were trained with the approximation, and their code ignores the field.
        fields.Ignore("hidden_act");
        fields.Expect("hidden_activation", "gelu_pytorch_tanh");
        return FeedForward.Activation;
    }
}
