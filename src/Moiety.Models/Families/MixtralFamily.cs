using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>
/// Mixtral (Jiang et al., arXiv 2401.04088): Llama with experts in every layer; softmax over all of them, the best k, their
/// weights divided by their sum. GGUF files call it "llama" and give a number of experts.
/// </summary>
internal sealed class MixtralFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "mixtral";

    /// <inheritdoc/>
    public override string Models => "Mixtral 8x7B and 8x22B";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "MixtralForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "llama";

    /// <inheritdoc/>
    internal override bool? GgufInterleaved => true;

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace.With(
        (TensorRole.Router, "model.layers.{layer}.block_sparse_moe.gate.weight"),
        (TensorRole.ExpertGate, "model.layers.{layer}.block_sparse_moe.experts.{expert}.w1.weight"),
        (TensorRole.ExpertDown, "model.layers.{layer}.block_sparse_moe.experts.{expert}.w2.weight"),
        (TensorRole.ExpertUp, "model.layers.{layer}.block_sparse_moe.experts.{expert}.w3.weight"));

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Theta = 1e6f, Epsilon = 1e-5f };

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new()
    {
        IntermediateSize = 0,
        Moe = new MoeConfig { ExpertCount = 0, TopK = 0, ExpertIntermediateSize = 0, NormalizeTopK = true },
    };

    /// <inheritdoc/>
    protected override bool HasWindow => true;

    /// <inheritdoc/>
    internal override bool OwnsGguf(GgufMetadata metadata) => metadata.Int32("llama.expert_count") > 0;

    /// <inheritdoc/>
    protected override ImmutableArray<FeedForwardConfig> ReadFeedForwards(ConfigFields fields, int layers, int hidden) =>
        LocalExperts.Read(fields, layers, FeedForward with { Activation = ReadActivation(fields) }, experts: 8, topK: 2);

    /// <inheritdoc/>
    protected override void WriteFeedForwards(ModelConfig config, JsonObject json)
    {
        WriteActivation(config.FeedForwards[0], json);
        LocalExperts.Write(config, json);
    }
}
