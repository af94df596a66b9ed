using System.Text.Json.Nodes;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>Nemotron-4 and Minitron (arXiv 2402.16819, 2407.14679): LayerNorm stored as the difference from 1, squared ReLU, a rotated part of each head.</summary>
internal sealed class NemotronFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "nemotron";

    /// <inheritdoc/>
    public override string Models => "Nemotron-4, Minitron";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "NemotronForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "nemotron";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace.With(
        (TensorRole.AttentionNorm, new TensorLocation("model.layers.{layer}.input_layernorm.weight").Plus(1)),
        (TensorRole.FeedForwardNorm, new TensorLocation("model.layers.{layer}.post_attention_layernorm.weight").Plus(1)),
        (TensorRole.FinalNorm, new TensorLocation("model.norm.weight").Plus(1)));

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with { Epsilon = ["norm_eps"], PartialRotary = ["partial_rotary_factor", "rope_percent", "rope_percentage"] };

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f, PartialRotary = 0.5f };

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new() { IntermediateSize = 0, Activation = Activation.ReluSquared };

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with { Norm = NormKind.Layer };

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields) => LlamaBiases.Read(config, fields);

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json) => LlamaBiases.Write(config, json);
}
