using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;

namespace Moiety.Models.Families;

/// <summary>Granite 3: Llama with factors on embedding, residual branches, scores and logits.</summary>
internal sealed class GraniteFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "granite";

    /// <inheritdoc/>
    public override string Models => "Granite 3, dense";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "GraniteForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "granite";

    /// <inheritdoc/>
    internal override bool? GgufInterleaved => true;

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with { HeadSize = [] };

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields) => GraniteFactors.Read(LlamaBiases.Read(config, fields), fields);

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json)
    {
        LlamaBiases.Write(config, json);
        GraniteFactors.Write(config, json);
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, GgufFields fields) => GraniteFactors.Read(config, fields);

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, Action<string, GgufValue> set) => GraniteFactors.Write(config, set);
}
