using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;

namespace Moiety.Models.Families;

/// <summary>OLMoE (arXiv 2409.02060): experts in every layer whose weights stay probabilities, and norms over all heads of queries and of keys.</summary>
internal sealed class OlmoeFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "olmoe";

    /// <inheritdoc/>
    public override string Models => "OLMoE";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "OlmoeForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "olmoe";

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with { HeadSize = [] };

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f };

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new()
    {
        IntermediateSize = 0,
        Moe = new MoeConfig { ExpertCount = 0, TopK = 0, ExpertIntermediateSize = 0, NormalizeTopK = false },
    };

    /// <inheritdoc/>
    protected override ModelConfig Shape(ModelConfig config) => config with { Attention = config.Attention with { QueryKeyNorm = QueryKeyNorm.Whole } };

    /// <inheritdoc/>
    protected override ImmutableArray<FeedForwardConfig> ReadFeedForwards(ConfigFields fields, int layers, int hidden)
    {
        FeedForwardConfig layer = FeedForward with
        {
            Activation = ReadActivation(fields),
            Moe = FeedForward.Moe! with
            {
                ExpertCount = fields.Int32("num_experts") ?? 64,
                TopK = fields.Int32("num_experts_per_tok") ?? 8,
                ExpertIntermediateSize = fields.RequiredInt32("intermediate_size"),
                NormalizeTopK = fields.Boolean("norm_topk_prob") ?? false,
            },
        };
        return [.. Enumerable.Repeat(layer, layers)];
    }

    /// <inheritdoc/>
    protected override void WriteFeedForwards(ModelConfig config, JsonObject json)
    {
        WriteActivation(config.FeedForwards[0], json);
        json["intermediate_size"] = config.FeedForwards[0].Moe?.ExpertIntermediateSize;
        json["num_experts"] = config.FeedForwards[0].Moe?.ExpertCount;
        json["num_experts_per_tok"] = config.FeedForwards[0].Moe?.TopK;
        json["norm_topk_prob"] = config.FeedForwards[0].Moe?.NormalizeTopK;
    }

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
