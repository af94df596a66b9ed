using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;

namespace Moiety.Models.Families;

/// <summary>Qwen 3-MoE (arXiv 2505.09388): Qwen 3 with experts and no shared one; the weights of the chosen are divided by their sum.</summary>
internal sealed class Qwen3MoeFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "qwen3_moe";

    /// <inheritdoc/>
    public override string Models => "Qwen 3-30B-A3B, 235B-A22B, Coder";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "Qwen3MoeForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "qwen3moe";

    /// <inheritdoc/>
    protected override bool HasWindow => true;

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new()
    {
        IntermediateSize = 0,
        Moe = new MoeConfig { ExpertCount = 0, TopK = 0, ExpertIntermediateSize = 0, NormalizeTopK = true },
    };

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

    /// <inheritdoc/>
    protected override ImmutableArray<FeedForwardConfig> ReadFeedForwards(ConfigFields fields, int layers, int hidden) =>
        MixtureFields.Read(fields, layers, ReadDense(fields, hidden), FeedForward.Moe!, hasShared: false);

    /// <inheritdoc/>
    protected override void WriteFeedForwards(ModelConfig config, JsonObject json)
    {
        json["intermediate_size"] = MixtureFields.DenseWidth(config, otherwise: config.HiddenSize);
        WriteActivation(config.FeedForwards[0], json);
        MixtureFields.Write(config, json);
    }
}
