using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families;

/// <summary>
/// ERNIE 4.5 with experts: by softmax with a bias for the choice only, beside shared ones, neighboring pairs rotated. The layer that predicts a
/// second token is left out.
/// </summary>
internal sealed class Ernie45MoeFamily : DecoderFamily
{
    /// <inheritdoc/>
    public override string Name => "ernie4_5_moe";

    /// <inheritdoc/>
    public override string Models => "ERNIE 4.5 21B-A3B and 300B-A47B";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "Ernie4_5_MoeForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "ernie4_5-moe";

    /// <inheritdoc/>
    internal override TensorNaming HuggingFaceNaming { get; } = TensorNaming.HuggingFace.With(
        (TensorRole.SelectionBias, new TensorLocation("model.layers.{layer}.mlp.moe_statics.e_score_correction_bias").AsRow()),
        (TensorRole.SharedGate, "model.layers.{layer}.mlp.shared_experts.gate_proj.weight"),
        (TensorRole.SharedUp, "model.layers.{layer}.mlp.shared_experts.up_proj.weight"),
        (TensorRole.SharedDown, "model.layers.{layer}.mlp.shared_experts.down_proj.weight"));

    /// <inheritdoc/>
    internal override bool? HuggingFaceInterleaved => true;

    /// <inheritdoc/>
    internal override bool? GgufInterleaved => true;

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with { HeadSize = [] };

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Epsilon = 1e-5f, Theta = 500000f, TieWordEmbeddings = true };

    /// <inheritdoc/>
    protected override FeedForwardConfig FeedForward { get; } = new()
    {
        IntermediateSize = 0,
        Moe = new MoeConfig { ExpertCount = 0, TopK = 0, ExpertIntermediateSize = 0, NormalizeTopK = true, SelectionBias = true },
    };

    /// <inheritdoc/>
    internal override bool IsIgnored(string fileName, ModelConfig config) => IsPrediction(fileName) || base.IsIgnored(fileName, config);

    /// <inheritdoc/>
    internal override IReadOnlyList<string> Warn(IEnumerable<string> fileNames, ModelConfig config) => PredictionLayers.Warn(fileNames.Count(IsPrediction));

    /// <inheritdoc/>
    protected override ImmutableArray<FeedForwardConfig> ReadFeedForwards(ConfigFields fields, int layers, int hidden)
    {
        int leading = fields.Int32("moe_layer_start_index") ?? 1;
        int last = fields.Int32("moe_layer_end_index") is { } end && end >= 0 ? end : layers - 1;
        int width = fields.RequiredInt32("moe_intermediate_size");
        fields.Expect("moe_layer_interval", 1);
        fields.Expect("moe_use_aux_free", true);
        FeedForwardConfig dense = ReadDense(fields, hidden);
        FeedForwardConfig mixture = dense with
        {
            IntermediateSize = 0,
            Moe = FeedForward.Moe! with
            {
                ExpertCount = fields.RequiredInt32("moe_num_experts"),
                TopK = fields.RequiredInt32("moe_k"),
                ExpertIntermediateSize = width,
                SharedIntermediateSize = SaturatedSize.Product(fields.Int32("moe_num_shared_experts") ?? 0, width),
            },
        };
        return [.. Enumerable.Range(0, layers).Select(layer => layer >= leading && layer <= last ? mixture : dense)];
    }

    /// <inheritdoc/>
    protected override void WriteFeedForwards(ModelConfig config, JsonObject json)
    {
        json["intermediate_size"] = MixtureFields.DenseWidth(config, otherwise: config.HiddenSize);
        WriteActivation(config.FeedForwards[0], json);
        MoeConfig? moe = config.FeedForwards[^1].Moe;
        json["moe_num_experts"] = moe?.ExpertCount;
        json["moe_k"] = moe?.TopK;
        json["moe_intermediate_size"] = moe?.ExpertIntermediateSize;
        json["moe_num_shared_experts"] = moe is null ? 0 : moe.SharedIntermediateSize / moe.ExpertIntermediateSize;
        json["moe_layer_start_index"] = config.FeedForwards.TakeWhile(layer => layer.Moe is null).Count();
        json["moe_layer_interval"] = 1;
        json["moe_use_aux_free"] = true;
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        // How experts were fed in training; the floor of the weights' sum is far below what it can be.
        fields.Ignore("moe_capacity", "moe_gate", "moe_norm_min", "num_nextn_predict_layers");
        fields.Expect("use_bias", false);
        return config;
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, GgufFields fields) => fields.Int32("interleave_moe_layer_step") is { } step && step > 1
        ? throw fields.Error("interleave_moe_layer_step", $"{step} is not supported; 1 is expected")
        : config;

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, Action<string, GgufValue> set) => set("interleave_moe_layer_step", GgufValue.OfSize(1));

    private static bool IsPrediction(string fileName) => fileName.StartsWith("model.mtp_", StringComparison.Ordinal);
}
