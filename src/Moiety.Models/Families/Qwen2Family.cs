using System.Text.Json.Nodes;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;

namespace Moiety.Models.Families;

/// <summary>Qwen 1.5, 2 and 2.5 (arXiv 2407.10671): Llama with biases on queries, keys and values.</summary>
internal sealed class Qwen2Family : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "qwen2";

    /// <inheritdoc/>
    public override string Models => "Qwen 1.5, 2 and 2.5, QwQ, DeepSeek-R1-Distill-Qwen";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "Qwen2ForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "qwen2";

    /// <inheritdoc/>
    protected override bool HasWindow => true;

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with { Attention = config.Attention with { QueryKeyValueBias = true } };

    /// <inheritdoc/>
    protected override ModelConfig ReadWindows(ModelConfig config, ConfigFields fields) => Qwen2Windows.Read(config, fields);

    /// <inheritdoc/>
    protected override void WriteWindows(ModelConfig config, JsonObject json) => Qwen2Windows.Write(config, json);

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        fields.Expect("use_mrope", false);
        return config;
    }
}
