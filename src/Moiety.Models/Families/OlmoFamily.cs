using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;

namespace Moiety.Models.Families;

/// <summary>The first OLMo (arXiv 2402.00838): Llama with norms that have no parameters; queries, keys and values may be clamped.</summary>
internal sealed class OlmoFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "olmo";

    /// <inheritdoc/>
    public override string Models => "OLMo 1B and 7B of 2024";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "OlmoForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "olmo";

    /// <inheritdoc/>
    internal override bool? GgufInterleaved => true;

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with { Epsilon = [], HeadSize = [] };

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f };

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with { Norm = NormKind.LayerWithoutParameters };

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields) => ClipQueryKeyValue.Read(LlamaBiases.ReadAttention(config, fields), fields);

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json)
    {
        json["attention_bias"] = config.Attention.OutputBias;
        ClipQueryKeyValue.Write(config, json);
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, GgufFields fields) => ClipQueryKeyValue.Read(config, fields);

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, Action<string, GgufValue> set) => ClipQueryKeyValue.Write(config, set);
}
