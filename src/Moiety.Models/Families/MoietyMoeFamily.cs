using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Fields;

namespace Moiety.Models.Families;

/// <summary>
/// Moiety's own family: Llama's attention with a feed-forward that may differ in each layer, dense, experts, or experts beside
/// a fixed MLP. That makes the Pyramid-Residual MoE of DeepSpeed-MoE (arXiv 2201.05596) plain data.
/// <para>
/// <c>config.json</c>: <c>num_experts</c> lists the experts of each MoE layer where <c>expert_interval</c> says which layers
/// those are (every n-th), or of each layer, 0 for a dense one, where it is absent. <c>num_experts_per_tok</c>,
/// <c>moe_intermediate_size</c>, <c>mlp_type</c> (standard or residual) and <c>norm_topk_prob</c> are one value or a list over
/// the MoE layers; <c>intermediate_size</c> is one value or a list over the layers that have a dense branch. Gating, groups and shared
/// experts are said by <see cref="MoietyGating"/>.
/// </para>
/// </summary>
internal sealed class MoietyMoeFamily : DecoderFamily
{
    private const string Standard = "standard";
    private const string Residual = "residual";
    private const string Interleaved = "rope_interleaved";

    /// <inheritdoc/>
    public override string Name => "moiety_moe";

    /// <inheritdoc/>
    public override string Models => "Moiety's own: a pyramid of experts beside fixed MLPs";

    /// <inheritdoc/>
    internal override string HuggingFaceArchitecture => "MoietyMoeForCausalLM";

    /// <inheritdoc/>
    public override string GgufArchitecture => "moiety_moe";

    /// <inheritdoc/>
    internal override bool? HuggingFaceInterleaved => null;

    /// <inheritdoc/>
    internal override bool? GgufInterleaved => null;

    /// <inheritdoc/>
    internal override bool KeepsRouterInSingle => true;

    /// <inheritdoc/>
    protected override ImmutableArray<FeedForwardConfig> ReadFeedForwards(ConfigFields config, int layers, int hidden)
    {
        int[] experts = ReadExpertCounts(config, layers);
        int moeLayers = experts.Count(count => count > 0);
        ImmutableArray<string> kinds = config.TextPerItem("mlp_type", moeLayers) ?? Repeat(Standard, moeLayers);
        ImmutableArray<int> topK = config.Int32PerItem("num_experts_per_tok", moeLayers) ?? Repeat(1, moeLayers);
        ImmutableArray<bool> normalize = config.BooleanPerItem("norm_topk_prob", moeLayers) ?? Repeat(false, moeLayers);
        ImmutableArray<int> expertWidths = moeLayers == 0 ? []
            : config.Int32PerItem("moe_intermediate_size", moeLayers) ?? throw config.Error("moe_intermediate_size", "it is missing");
        if (kinds.FirstOrDefault(kind => kind is not (Standard or Residual)) is { } unknown)
        {
            throw config.Error("mlp_type", $"\"{unknown}\" is not supported; known: {Standard}, {Residual}");
        }

        int denseLayers = layers - moeLayers + kinds.Count(kind => kind == Residual);
        ImmutableArray<int> widths = denseLayers == 0 ? []
            : config.Int32PerItem("intermediate_size", denseLayers) ?? throw config.Error("intermediate_size", "it is missing");
        ImmutableArray<FeedForwardConfig>.Builder feedForwards = ImmutableArray.CreateBuilder<FeedForwardConfig>(layers);
        int moe = 0;
        int dense = 0;
        foreach (int count in experts)
        {
            bool residual = count > 0 && kinds[moe] == Residual;
            feedForwards.Add(new FeedForwardConfig
            {
                IntermediateSize = count == 0 || residual ? widths[dense++] : 0,
                Moe = count == 0 ? null : new MoeConfig
                {
                    ExpertCount = count,
                    TopK = topK[moe],
                    ExpertIntermediateSize = expertWidths[moe],
                    NormalizeTopK = normalize[moe],
                    Residual = residual,
                },
            });
            moe += count > 0 ? 1 : 0;
        }

        _ = ReadActivation(config);
        return MoietyGating.Read(config, feedForwards.MoveToImmutable());
    }

    /// <inheritdoc/>
    protected override void WriteFeedForwards(ModelConfig config, JsonObject json)
    {
        WriteActivation(config.FeedForwards[0], json);
        int[] widths = [.. config.FeedForwards.Where(layer => layer.Moe is null or { Residual: true }).Select(layer => layer.IntermediateSize)];
        if (widths.Length > 0)
        {
            json["intermediate_size"] = MoietyGating.Compact(widths, value => value);
        }

        MoeConfig[] moe = [.. config.FeedForwards.Where(layer => layer.Moe is not null).Select(layer => layer.Moe!)];
        if (FindInterval(config) is { } interval)
        {
            json["expert_interval"] = interval;
            json["num_experts"] = new JsonArray([.. moe.Select(layer => JsonValue.Create(layer.ExpertCount))]);
        }
        else
        {
            json["num_experts"] = new JsonArray([.. config.FeedForwards.Select(layer => JsonValue.Create(layer.Moe?.ExpertCount ?? 0))]);
        }

        if (moe.Length > 0)
        {
            json["num_experts_per_tok"] = MoietyGating.Compact(moe, layer => layer.TopK);
            json["moe_intermediate_size"] = MoietyGating.Compact(moe, layer => layer.ExpertIntermediateSize);
            json["mlp_type"] = MoietyGating.Compact(moe, layer => layer.Residual ? Residual : Standard);
            json["norm_topk_prob"] = MoietyGating.Compact(moe, layer => layer.NormalizeTopK);
            MoietyGating.Write(moe, json);
        }
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, ConfigFields fields)
    {
        fields.Expect("attention_bias", false);
        return config with { Rotary = config.Rotary! with { Interleaved = fields.Boolean(Interleaved) ?? false } };
    }

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, JsonObject json)
    {
        json["attention_bias"] = false;
        if (config.Rotary!.Interleaved)
        {
            json[Interleaved] = true;
        }
    }

    /// <inheritdoc/>
    protected override ImmutableArray<FeedForwardConfig> ReadFeedForwards(GgufFields fields, int layers)
    {
        ImmutableArray<int> Sizes(string name) => fields.Int32PerItem(name, layers) ?? throw fields.Error(name, "the key is missing");
        ImmutableArray<int> widths = Sizes("feed_forward_length");
        ImmutableArray<int> experts = Sizes("expert_count");
        ImmutableArray<int> topK = Sizes("expert_used_count");
        ImmutableArray<int> expertWidths = Sizes("expert_feed_forward_length");
        ImmutableArray<bool> normalize = fields.BooleanPerItem("expert_weights_norm", layers) ?? Repeat(false, layers);
        ImmutableArray<bool> residual = fields.BooleanPerItem("expert_residual", layers) ?? Repeat(false, layers);
        return MoietyGating.Read(fields, [.. Enumerable.Range(0, layers).Select(layer => new FeedForwardConfig
        {
            IntermediateSize = widths[layer],
            Moe = experts[layer] == 0 ? null : new MoeConfig
            {
                ExpertCount = experts[layer],
                TopK = topK[layer],
                ExpertIntermediateSize = expertWidths[layer],
                NormalizeTopK = normalize[layer],
                Residual = residual[layer],
            },
        })]);
    }

    /// <inheritdoc/>
    protected override void WriteFeedForwards(ModelConfig config, Action<string, GgufValue> set)
    {
        GgufValue Numbers(Func<FeedForwardConfig, int> value) => GgufValue.Of([.. config.FeedForwards.Select(value)]);
        GgufValue Flags(Func<FeedForwardConfig, bool> value) => GgufValue.Of([.. config.FeedForwards.Select(value)]);
        set("feed_forward_length", Numbers(layer => layer.IntermediateSize));
        set("expert_count", Numbers(layer => layer.Moe?.ExpertCount ?? 0));
        set("expert_used_count", Numbers(layer => layer.Moe?.TopK ?? 0));
        set("expert_feed_forward_length", Numbers(layer => layer.Moe?.ExpertIntermediateSize ?? 0));
        set("expert_weights_norm", Flags(layer => layer.Moe?.NormalizeTopK ?? false));
        set("expert_residual", Flags(layer => layer.Moe?.Residual ?? false));
        MoietyGating.Write(config, set);
    }

    /// <inheritdoc/>
    protected override ModelConfig ReadMore(ModelConfig config, GgufFields fields) =>
        config with { Rotary = config.Rotary! with { Interleaved = fields.Boolean("rope.interleaved") ?? false } };

    /// <inheritdoc/>
    protected override void WriteMore(ModelConfig config, Action<string, GgufValue> set) =>
        set("rope.interleaved", GgufValue.Of(config.Rotary!.Interleaved));

    private static int[] ReadExpertCounts(ConfigFields config, int layers)
    {
        if (config.Int32("expert_interval") is not { } interval)
        {
            if (config.Find("num_experts") is not { IsList: true })
            {
                throw config.Error("num_experts", "without expert_interval it must list the experts of each layer, 0 for a dense one");
            }

            ImmutableArray<int> perLayer = config.Int32PerItem("num_experts", layers)!.Value;
            return perLayer.All(count => count >= 0) ? [.. perLayer] : throw config.Error("num_experts", "a number is negative");
        }

        if (interval < 1 || interval > layers)
        {
            throw config.Error("expert_interval", $"{interval} is not between 1 and the {layers} layers");
        }

        // As in DeepSpeed-MoE: a layer has experts when its number, counted from 1, is divisible by the interval.
        int moeLayers = layers / interval;
        ImmutableArray<int> counts = config.Int32PerItem("num_experts", moeLayers) ?? throw config.Error("num_experts", "it is missing");
        if (!counts.All(count => count > 0))
        {
            throw config.Error("num_experts", "a number is not positive");
        }

        int[] experts = new int[layers];
        for (int i = 0; i < moeLayers; i++)
        {
            experts[((i + 1) * interval) - 1] = counts[i];
        }

        return experts;
    }

    private static int? FindInterval(ModelConfig config)
    {
        int first = config.FeedForwards.ToList().FindIndex(layer => layer.Moe is not null);
        if (first < 0)
        {
            return null;
        }

        int interval = first + 1;
        bool regular = !config.FeedForwards.Where((layer, index) => layer.Moe is not null != ((index + 1) % interval == 0)).Any();
        return regular ? interval : null;
    }

    private static ImmutableArray<T> Repeat<T>(T value, int count) => [.. Enumerable.Repeat(value, count)];
}
