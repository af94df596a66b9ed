using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;

namespace Moiety.Models.Families;

/// <summary>SmolLM 3: Llama without positions in every fourth layer (arXiv 2501.18795).</summary>
internal sealed class SmolLm3Family : DecoderFamily
{
    private const int Interval = 4;

    /// <inheritdoc/>
    public override string Name => "smollm3";

    /// <inheritdoc/>
    public override string Models => "SmolLM 3";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "SmolLM3ForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "smollm3";

    /// <inheritdoc/>
    internal override bool? GgufInterleaved => true;

    /// <inheritdoc/>
    protected override HuggingFaceKeys Keys { get; } = HuggingFaceKeys.Llama with { HeadSize = [] };

    /// <inheritdoc/>
    protected override FamilyDefaults Defaults { get; } = new() { Theta = 2e6f };

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        // Without a window its settings say nothing, and the layer types are then all full attention, which the base has checked.
        fields.Expect("use_sliding_window", false);
        fields.Ignore("sliding_window", "max_window_layers");
        int interval = fields.Int32("no_rope_layer_interval") ?? Interval;
        ImmutableArray<int>? rotated = fields.Int32PerItem("no_rope_layers", config.LayerCount);
        return LlamaBiases.Read(
            WithPositions(config, layer => rotated is { } list ? list[layer] != 0 : interval < 1 || (layer + 1) % interval != 0), fields);
    }

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json)
    {
        json["no_rope_layers"] = new JsonArray([.. Enumerable.Range(0, config.LayerCount).Select(layer => JsonValue.Create(config.AttentionOf(layer).Rotary is null ? 0 : 1))]);
        json["use_sliding_window"] = false;
        LlamaBiases.Write(config, json);
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, GgufFields fields) => WithPositions(config, layer => (layer + 1) % Interval != 0);

    private static ModelConfig WithPositions(ModelConfig config, Predicate<int> rotates) =>
        LayerPatterns.WithLayers(config, (layer, attention) => rotates(layer) ? attention : attention with { Rotary = null });
}
