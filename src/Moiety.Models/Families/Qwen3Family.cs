using System.Text.Json.Nodes;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;

namespace Moiety.Models.Families;

/// <summary>Qwen 3 (arXiv 2505.09388): no biases, a norm on each head of queries and keys.</summary>
internal sealed class Qwen3Family : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "qwen3";

    /// <inheritdoc/>
    public override string Models => "Qwen 3";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "Qwen3ForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "qwen3";

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { HeadSize = 128 };

    /// <inheritdoc/>
    protected override bool HasWindow => true;

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with { Attention = config.Attention with { QueryKeyNorm = QueryKeyNorm.PerHead } };

    /// <inheritdoc/>
    protected override ModelConfig ReadWindows(ModelConfig config, ConfigFields fields) => Qwen2Windows.Read(config, fields);

    /// <inheritdoc/>
    protected override void WriteWindows(ModelConfig config, JsonObject json) => Qwen2Windows.Write(config, json);

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields) => LlamaBiases.ReadAttention(config, fields);

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json) => json["attention_bias"] = config.Attention.OutputBias;
}
