using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Models.Families.Fields;

/// <summary>
/// How Moiety's own family says what a layer of experts has beyond their number and width: gating, biases, groups, and shared experts. A key
/// is written when a layer has what it says; in <c>config.json</c> it is one value or a list over the MoE layers, in GGUF a list over all.
/// <para>
/// <c>scoring_func</c> (softmax, sigmoid, or hash for a table of token ids), <c>selection_bias</c>, <c>router_bias</c>, <c>n_group</c>, <c>topk_group</c>,
/// <c>topk_group_score</c> (best or best_two), <c>routed_scaling_factor</c>, <c>shared_expert_intermediate_size</c>, <c>shared_expert_gate</c>.
/// </para>
/// </summary>
internal static class MoietyGating
{
    private const string Best = "best";
    private const string BestTwo = "best_two";

    // What config.json and GGUF files call the gatings. 1 and 2 are what other GGUF files have; what only Moiety has is far from them.
    private static readonly (GatingKind Kind, string Name, int Number)[] Gatings =
    [
        (GatingKind.Softmax, "softmax", 1),
        (GatingKind.Sigmoid, "sigmoid", 2),
        (GatingKind.Hash, "hash", 1001),
    ];

    private static readonly MoeConfig Plain = new() { ExpertCount = 1, TopK = 1, ExpertIntermediateSize = 1, NormalizeTopK = false };

    /// <summary>Adds to layers what the file says of their gating.</summary>
    public static ImmutableArray<FeedForwardConfig> Read(ConfigFields fields, ImmutableArray<FeedForwardConfig> layers)
    {
        int count = layers.Count(layer => layer.Moe is not null);
        ImmutableArray<string> scores = Words(fields, "scoring_func", count, [.. Gatings.Select(gating => gating.Name)]);
        ImmutableArray<string> ranks = Words(fields, "topk_group_score", count, [Best, BestTwo]);
        ImmutableArray<bool> selection = fields.BooleanPerItem("selection_bias", count) ?? Repeat(false, count);
        ImmutableArray<bool> router = fields.BooleanPerItem("router_bias", count) ?? Repeat(false, count);
        ImmutableArray<int> groups = fields.Int32PerItem("n_group", count) ?? Repeat(1, count);
        ImmutableArray<int> chosen = fields.Int32PerItem("topk_group", count) ?? Repeat(1, count);
        ImmutableArray<float> scales = fields.SinglePerItem("routed_scaling_factor", count) ?? Repeat(1f, count);
        ImmutableArray<int> shared = fields.Int32PerItem("shared_expert_intermediate_size", count) ?? Repeat(0, count);
        ImmutableArray<bool> weighed = fields.BooleanPerItem("shared_expert_gate", count) ?? Repeat(false, count);
        int next = 0;
        return Map(layers, (moe, _) =>
        {
            int i = next++;
            return moe with
            {
                Gating = Gatings.First(gating => gating.Name == scores[i]).Kind,
                SelectionBias = selection[i],
                RouterBias = router[i],
                GroupCount = groups[i],
                GroupTopK = chosen[i],
                GroupScore = ranks[i] == BestTwo ? GroupScore.BestTwo : GroupScore.Best,
                WeightScale = scales[i],
                SharedIntermediateSize = shared[i],
                SharedGate = weighed[i],
            };
        });
    }

    /// <summary>Writes what the layers with experts have.</summary>
    public static void Write(IReadOnlyList<MoeConfig> layers, JsonObject json)
    {
        void Set<T>(string name, Func<MoeConfig, T> value)
        {
            if (layers.Any(layer => !EqualityComparer<T>.Default.Equals(value(layer), value(Plain))))
            {
                json[name] = Compact(layers, value);
            }
        }

        Set("scoring_func", layer => Gatings.FirstOrDefault(gating => gating.Kind == layer.Gating).Name ?? $"{layer.Gating}");
        Set("selection_bias", layer => layer.SelectionBias);
        Set("router_bias", layer => layer.RouterBias);
        Set("n_group", layer => layer.GroupCount);
        Set("topk_group", layer => layer.GroupTopK);
        Set("topk_group_score", layer => layer.GroupScore == GroupScore.BestTwo ? BestTwo : Best);
        Set("routed_scaling_factor", layer => layer.WeightScale);
        Set("shared_expert_intermediate_size", layer => layer.SharedIntermediateSize);
        Set("shared_expert_gate", layer => layer.SharedGate);
    }

    /// <summary>Adds to layers what the keys say of their gating.</summary>
    public static ImmutableArray<FeedForwardConfig> Read(GgufFields fields, ImmutableArray<FeedForwardConfig> layers)
    {
        int count = layers.Length;
        ImmutableArray<int> functions = fields.Int32PerItem("expert_gating_func", count) ?? Repeat(Gatings[0].Number, count);
        ImmutableArray<bool> selection = fields.BooleanPerItem("expert_selection_bias", count) ?? Repeat(false, count);
        ImmutableArray<bool> router = fields.BooleanPerItem("expert_router_bias", count) ?? Repeat(false, count);
        ImmutableArray<int> groups = fields.Int32PerItem("expert_group_count", count) ?? Repeat(1, count);
        ImmutableArray<int> chosen = fields.Int32PerItem("expert_group_used_count", count) ?? Repeat(1, count);
        ImmutableArray<bool> two = fields.BooleanPerItem("expert_group_best_two", count) ?? Repeat(false, count);
        ImmutableArray<float> scales = fields.SinglePerItem("expert_weights_scale", count) ?? Repeat(1f, count);
        ImmutableArray<int> shared = fields.Int32PerItem("expert_shared_feed_forward_length", count) ?? Repeat(0, count);
        ImmutableArray<bool> weighed = fields.BooleanPerItem("expert_shared_gate", count) ?? Repeat(false, count);
        return Map(layers, (moe, layer) => moe with
        {
            Gating = Gatings.FirstOrDefault(gating => gating.Number == functions[layer]) is { Name: not null } found
                ? found.Kind
                : throw fields.Error("expert_gating_func", $"{functions[layer]} is not supported; known: {string.Join(", ", Gatings.Select(gating => $"{gating.Number} {gating.Name}"))}"),
            SelectionBias = selection[layer],
            RouterBias = router[layer],
            GroupCount = groups[layer],
            GroupTopK = chosen[layer],
            GroupScore = two[layer] ? GroupScore.BestTwo : GroupScore.Best,
            WeightScale = scales[layer],
            SharedIntermediateSize = shared[layer],
            SharedGate = weighed[layer],
        });
    }

    /// <summary>Writes what the layers have.</summary>
    public static void Write(ModelConfig config, Action<string, GgufValue> set)
    {
        void Set<T>(string name, Func<MoeConfig, T> value, Func<T[], GgufValue> make)
        {
            T[] values = [.. config.FeedForwards.Select(layer => value(layer.Moe ?? Plain))];
            if (values.Any(item => !EqualityComparer<T>.Default.Equals(item, value(Plain))))
            {
                set(name, make(values));
            }
        }

        Set("expert_gating_func", layer => Gatings.FirstOrDefault(gating => gating.Kind == layer.Gating).Number, GgufValue.Of);
        Set("expert_selection_bias", layer => layer.SelectionBias, GgufValue.Of);
        Set("expert_router_bias", layer => layer.RouterBias, GgufValue.Of);
        Set("expert_group_count", layer => layer.GroupCount, GgufValue.Of);
        Set("expert_group_used_count", layer => layer.GroupTopK, GgufValue.Of);
        Set("expert_group_best_two", layer => layer.GroupScore == GroupScore.BestTwo, GgufValue.Of);
        Set("expert_weights_scale", layer => layer.WeightScale, GgufValue.Of);
        Set("expert_shared_feed_forward_length", layer => layer.SharedIntermediateSize, GgufValue.Of);
        Set("expert_shared_gate", layer => layer.SharedGate, GgufValue.Of);
    }

    /// <summary>One value where all items agree, else a list.</summary>
    public static JsonNode Compact<TItem, TValue>(IReadOnlyList<TItem> items, Func<TItem, TValue> select)
    {
        TValue first = select(items[0]);
        return items.All(item => EqualityComparer<TValue>.Default.Equals(select(item), first))
            ? JsonValue.Create(first)!
            : new JsonArray([.. items.Select(item => JsonValue.Create(select(item)))]);
    }

    private static ImmutableArray<string> Words(ConfigFields fields, string name, int count, string[] known)
    {
        ImmutableArray<string> words = fields.TextPerItem(name, count) ?? Repeat(known[0], count);
        return words.FirstOrDefault(word => !known.Contains(word)) is { } unknown
            ? throw fields.Error(name, $"\"{unknown}\" is not supported; known: {string.Join(", ", known)}")
            : words;
    }

    private static ImmutableArray<FeedForwardConfig> Map(ImmutableArray<FeedForwardConfig> layers, Func<MoeConfig, int, MoeConfig> map) =>
        [.. layers.Select((layer, index) => layer.Moe is { } moe ? layer with { Moe = map(moe, index) } : layer)];

    private static ImmutableArray<T> Repeat<T>(T value, int count) => [.. Enumerable.Repeat(value, count)];
}
