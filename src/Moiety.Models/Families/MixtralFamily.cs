using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Json;

namespace Moiety.Models.Families;

/// <summary>
/// Mixtral (Jiang et al., arXiv 2401.04088): Llama with experts in every layer; softmax over all of them, the best k, their
/// weights divided by their sum. GGUF files call it "llama" and give a number of experts.
/// </summary>
internal sealed class MixtralFamily : ModelFamily
{
    /// <inheritdoc/>
    public override string Name => "mixtral";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "MixtralForCausalLM";

    /// <inheritdoc/>
    internal override string GgufArchitecture => "llama";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace.With(
        (TensorRole.Router, "model.layers.{layer}.block_sparse_moe.gate.weight"),
        (TensorRole.ExpertGate, "model.layers.{layer}.block_sparse_moe.experts.{expert}.w1.weight"),
        (TensorRole.ExpertDown, "model.layers.{layer}.block_sparse_moe.experts.{expert}.w2.weight"),
        (TensorRole.ExpertUp, "model.layers.{layer}.block_sparse_moe.experts.{expert}.w3.weight"));

    /// <inheritdoc/>
    internal override bool OwnsGguf(GgufMetadata metadata) => metadata.Int32("llama.expert_count") > 0;

    /// <inheritdoc/>
    internal override bool IsIgnored(string fileName, ModelConfig config) => config.TieWordEmbeddings && fileName == TensorNames.Head;

    /// <inheritdoc/>
    internal override ModelConfig ReadHuggingFace(JsonField config)
    {
        FeedForwardConfig layer = Layer(
            config.Int32("num_local_experts") ?? 8, config.Int32("num_experts_per_tok") ?? 2, config.Get("intermediate_size").Int32());
        ImmutableArray<FeedForwardConfig> layers = [.. Enumerable.Repeat(layer, LlamaConfiguration.ReadLayerCount(config))];
        return LlamaConfiguration.ReadHuggingFace(config, Name, layers, defaultTheta: 1e6f);
    }

    /// <inheritdoc/>
    internal override void WriteHuggingFace(ModelConfig config, JsonObject json)
    {
        LlamaConfiguration.WriteHuggingFace(config, json);
        MoeConfig moe = config.FeedForwards[0].Moe!;
        json["intermediate_size"] = moe.ExpertIntermediateSize;
        json["num_local_experts"] = moe.ExpertCount;
        json["num_experts_per_tok"] = moe.TopK;
        json["sliding_window"] = null;
    }

    /// <inheritdoc/>
    internal override ModelConfig ReadGguf(GgufMetadata metadata, Predicate<string> hasTensor)
    {
        FeedForwardConfig layer = Layer(
            metadata.RequiredInt32("llama.expert_count"), metadata.RequiredInt32("llama.expert_used_count"), metadata.RequiredInt32("llama.feed_forward_length"));
        ImmutableArray<FeedForwardConfig> layers = [.. Enumerable.Repeat(layer, LlamaConfiguration.ReadLayerCount(metadata, GgufArchitecture))];
        return LlamaConfiguration.ReadGguf(metadata, Name, GgufArchitecture, interleaved: true, layers, hasTensor);
    }

    /// <inheritdoc/>
    internal override void WriteGguf(ModelConfig config, GgufMetadata metadata)
    {
        LlamaConfiguration.WriteGguf(config, GgufArchitecture, metadata);
        MoeConfig moe = config.FeedForwards[0].Moe!;
        metadata.Set("llama.feed_forward_length", GgufValue.OfSize(moe.ExpertIntermediateSize));
        metadata.Set("llama.expert_count", GgufValue.OfSize(moe.ExpertCount));
        metadata.Set("llama.expert_used_count", GgufValue.OfSize(moe.TopK));
    }

    /// <inheritdoc/>
    internal override string? FindObstacle(ModelConfig config) =>
        config.FeedForwards.All(layer => layer == config.FeedForwards[0] && layer.Moe is { NormalizeTopK: true, Residual: false })
            ? LlamaConfiguration.FindObstacle(config)
            : "its layers are all experts and alike, their weights are divided by their sum, and there is no fixed MLP";

    private static FeedForwardConfig Layer(int experts, int topK, int width) => new()
    {
        IntermediateSize = 0,
        Moe = new MoeConfig { ExpertCount = experts, TopK = topK, ExpertIntermediateSize = width, NormalizeTopK = true },
    };
}
