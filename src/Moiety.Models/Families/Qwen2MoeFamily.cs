using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;

namespace Moiety.Models.Families;

/// <summary>
/// Qwen 1.5-MoE and Qwen 2-MoE: Qwen 2 with experts, and beside them a shared expert behind a sigmoid gate. The weights of the chosen
/// experts stay probabilities.
/// </summary>
internal sealed class Qwen2MoeFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "qwen2_moe";

    /// <inheritdoc/>
    public override string Models => "Qwen 1.5-MoE, Qwen 2-57B-A14B";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "Qwen2MoeForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "qwen2moe";

    /// <inheritdoc/>
    protected override bool HasWindow => true;

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new()
    {
        IntermediateSize = 0,
        Moe = new MoeConfig { ExpertCount = 0, TopK = 0, ExpertIntermediateSize = 0, NormalizeTopK = false, SharedGate = true },
    };

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with { Attention = config.Attention with { QueryKeyValueBias = true } };

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields) =>
        config with { Attention = config.Attention with { QueryKeyValueBias = fields.Boolean("qkv_bias") ?? true } };

    /// <inheritdoc/>
    protected override ModelConfig ReadWindows(ModelConfig config, ConfigFields fields) => Qwen2Windows.Read(config, fields);

    /// <inheritdoc/>
    protected override void WriteWindows(ModelConfig config, JsonObject json) => Qwen2Windows.Write(config, json);

    /// <inheritdoc/>
    protected override ImmutableArray<FeedForwardConfig> ReadFeedForwards(ConfigFields fields, int layers, int hidden) =>
        MixtureFields.Read(fields, layers, ReadDense(fields, hidden), FeedForward.Moe!, hasShared: true);

    /// <inheritdoc/>
    protected override void WriteFeedForwards(ModelConfig config, JsonObject json)
    {
        json["intermediate_size"] = MixtureFields.DenseWidth(config, config.FeedForwards[0].Moe?.SharedIntermediateSize ?? 0);
        WriteActivation(config.FeedForwards[0], json);
        MixtureFields.Write(config, json);
    }
}
