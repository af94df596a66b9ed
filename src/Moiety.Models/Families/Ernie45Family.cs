using System.Text.Json.Nodes;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;

namespace Moiety.Models.Families;

/// <summary>The dense models of ERNIE 4.5: Llama with neighboring pairs rotated.</summary>
internal sealed class Ernie45Family : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "ernie4_5";

    /// <inheritdoc/>
    public override string Models => "ERNIE 4.5, dense";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "Ernie4_5ForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "ernie4_5";

    /// <inheritdoc/>
    internal override bool? HuggingFaceInterleaved => true;

    /// <inheritdoc/>
    internal override bool? GgufInterleaved => true;

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f, Theta = 500000f, TieWordEmbeddings = true, HeadSize = 128 };

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        fields.Expect("compression_ratio", 1);
        bool bias = fields.Boolean("use_bias") ?? false;
        return config with
        {
            FeedForwards = [.. config.FeedForwards.Select(layer => layer with { Bias = bias })],
            Attention = config.Attention with { QueryKeyValueBias = bias, OutputBias = bias },
        };
    }

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json) => json["use_bias"] = config.Attention.OutputBias;
}
