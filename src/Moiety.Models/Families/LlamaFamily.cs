using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Json;

namespace Moiety.Models.Families;

/// <summary>
/// Llama (Touvron et al., arXiv 2302.13971 and 2307.09288) and the many models in its shape: every layer dense, SwiGLU.
/// </summary>
internal sealed class LlamaFamily : ModelFamily
{
    /// <inheritdoc/>
    public override string Name => "llama";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "LlamaForCausalLM";

    /// <inheritdoc/>
    internal override string GgufArchitecture => "llama";

    /// <inheritdoc/>
    internal override bool OwnsGguf(GgufMetadata metadata) => metadata.Int32("llama.expert_count") is null or 0;

    // Old exports carry the rotary frequencies, which follow from the configuration, and tied ones a copy of the embedding.
    /// <inheritdoc/>
    internal override bool IsIgnored(string fileName, ModelConfig config) =>
        fileName.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal) || (config.TieWordEmbeddings && fileName == TensorNames.Head);

    /// <inheritdoc/>
    internal override ModelConfig ReadHuggingFace(JsonField config)
    {
        FeedForwardConfig layer = new() { IntermediateSize = config.Get("intermediate_size").Int32() };
        ImmutableArray<FeedForwardConfig> layers = [.. Enumerable.Repeat(layer, LlamaConfiguration.ReadLayerCount(config))];
        return LlamaConfiguration.ReadHuggingFace(config, Name, layers, defaultTheta: 10000f);
    }

    /// <inheritdoc/>
    internal override void WriteHuggingFace(ModelConfig config, JsonObject json)
    {
        LlamaConfiguration.WriteHuggingFace(config, json);
        json["intermediate_size"] = config.FeedForwards[0].IntermediateSize;
        json["mlp_bias"] = false;
    }

    /// <inheritdoc/>
    internal override ModelConfig ReadGguf(GgufMetadata metadata, Predicate<string> hasTensor)
    {
        int layers = LlamaConfiguration.ReadLayerCount(metadata, GgufArchitecture);
        const string Key = "llama.feed_forward_length";
        ImmutableArray<int> widths = metadata.Int32PerItem(Key, layers) ?? throw metadata.Error(Key, "the key is missing");
        return LlamaConfiguration.ReadGguf(
            metadata, Name, GgufArchitecture, interleaved: true, [.. widths.Select(width => new FeedForwardConfig { IntermediateSize = width })], hasTensor);
    }

    /// <inheritdoc/>
    internal override void WriteGguf(ModelConfig config, GgufMetadata metadata)
    {
        LlamaConfiguration.WriteGguf(config, GgufArchitecture, metadata);
        metadata.Set("llama.feed_forward_length", GgufValue.OfSize(config.FeedForwards[0].IntermediateSize));
    }

    /// <inheritdoc/>
    internal override string? FindObstacle(ModelConfig config) =>
        !config.FeedForwards.All(layer => layer.Moe is null && layer == config.FeedForwards[0])
            ? "its layers are all dense and alike"
            : LlamaConfiguration.FindObstacle(config);
}
