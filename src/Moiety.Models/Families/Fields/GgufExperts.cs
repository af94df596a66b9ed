using System.Collections.Immutable;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Families.Fields;

/// <summary>
/// Feed-forward layers in GGUF metadata: widths, and for experts their number, choice and weights. What has no key there is a fact of
/// the family or shows in the tensors.
/// </summary>
internal static class GgufExperts
{
    private const string LeadingDense = "leading_dense_block_count";
    private const int SoftmaxOverChosen = 3;

    /// <summary>The layers.</summary>
    /// <param name="fields">The keys.</param>
    /// <param name="layers">Number of layers.</param>
    /// <param name="family">What holds for all layers of the family; experts only where <see cref="FeedForwardConfig.Moe"/> is set.</param>
    /// <param name="naming">Names of the tensors.</param>
    public static ImmutableArray<FeedForwardConfig> Read(GgufFields fields, int layers, FeedForwardConfig family, TensorNaming naming)
    {
        int leading = fields.Int32(LeadingDense) ?? 0;
        int experts = fields.Int32("expert_count") ?? 0;
        if (leading < 0 || leading > layers)
        {
            throw fields.Error(LeadingDense, $"{leading} is not between 0 and the {layers} layers");
        }

        if (experts > 0 != family.Moe is not null)
        {
            throw fields.Error("expert_count", experts > 0 ? $"{experts} experts are not supported for this architecture" : "the key is missing");
        }

        ImmutableArray<int>? widths = fields.Int32PerItem("feed_forward_length", layers);
        FeedForwardConfig Dense(int layer) => family with
        {
            IntermediateSize = widths?[layer] ?? throw fields.Error("feed_forward_length", "the key is missing"),
            Bias = fields.HasRole(naming, TensorRole.UpBias, layer),
            Moe = null,
        };
        if (experts == 0)
        {
            fields.Ignore("expert_used_count");
            return [.. Enumerable.Range(0, layers).Select(Dense)];
        }

        FeedForwardConfig mixture = family with { IntermediateSize = 0, Bias = false, Moe = ReadMixture(fields, experts, widths, leading, layers, family.Moe!, naming) };
        return [.. Enumerable.Range(0, layers).Select(layer => layer < leading ? Dense(layer) : mixture)];
    }

    /// <summary>Writes the layers.</summary>
    public static void Write(ModelConfig config, FeedForwardConfig family, Action<string, GgufValue> set)
    {
        int[] widths = [.. config.FeedForwards.Select(layer => layer.Moe is null ? layer.IntermediateSize : 0)];
        if (family.Moe is not { } facts || config.FeedForwards.FirstOrDefault(layer => layer.Moe is not null)?.Moe is not { } moe)
        {
            set("feed_forward_length", widths.All(width => width == widths[0]) ? GgufValue.OfSize(widths[0]) : GgufValue.Of(widths));
            return;
        }

        int leading = config.FeedForwards.TakeWhile(layer => layer.Moe is null).Count();
        set("feed_forward_length", GgufValue.OfSize(leading > 0 ? widths[0] : moe.ExpertIntermediateSize));
        set("expert_count", GgufValue.OfSize(moe.ExpertCount));
        set("expert_used_count", GgufValue.OfSize(moe.TopK));
        set("expert_feed_forward_length", GgufValue.OfSize(moe.ExpertIntermediateSize));
        set("expert_gating_func", GgufValue.OfSize(moe.Gating == GatingKind.Sigmoid ? 2 : 1));
        set("expert_weights_norm", GgufValue.Of(moe.NormalizeTopK));
        if (leading > 0)
        {
            set(LeadingDense, GgufValue.OfSize(leading));
        }

        if (moe.WeightScale != facts.WeightScale)
        {
            set("expert_weights_scale", GgufValue.Of(moe.WeightScale));
        }

        if (moe.SharedIntermediateSize > 0)
        {
            set("expert_shared_feed_forward_length", GgufValue.OfSize(moe.SharedIntermediateSize));
            set("expert_shared_count", GgufValue.OfSize(Math.Max(1, moe.SharedIntermediateSize / moe.ExpertIntermediateSize)));
        }

        if (moe.GroupCount > 1)
        {
            set("expert_group_count", GgufValue.OfSize(moe.GroupCount));
            set("expert_group_used_count", GgufValue.OfSize(moe.GroupTopK));
        }
    }

    private static MoeConfig ReadMixture(GgufFields fields, int experts, ImmutableArray<int>? widths, int leading, int layers, MoeConfig family, TensorNaming naming)
    {
        int width = fields.Int32("expert_feed_forward_length") is { } own && own > 0 ? own
            : widths?[Math.Min(leading, layers - 1)] ?? throw fields.Error("expert_feed_forward_length", "the key is missing, and so is feed_forward_length");
        int shared = fields.Int32("expert_shared_feed_forward_length") ?? 0;
        int sharedCount = fields.Int32("expert_shared_count") ?? 0;
        int? gating = fields.Int32("expert_gating_func");
        bool hasShared = fields.HasRole(naming, TensorRole.SharedUp, leading);
        return family with
        {
            ExpertCount = experts,
            TopK = fields.RequiredInt32("expert_used_count"),
            ExpertIntermediateSize = width,
            Gating = gating switch
            {
                null or 0 => family.Gating,
                1 => family.Gating == GatingKind.SparseMixer ? GatingKind.SparseMixer : GatingKind.Softmax,
                2 => GatingKind.Sigmoid,
                SoftmaxOverChosen => GatingKind.Softmax,
                var other => throw fields.Error("expert_gating_func", $"{other} is not supported; known: 1 softmax, 2 sigmoid, 3 softmax over the chosen"),
            },

            // The softmax over the chosen is that over all, normalized.
            NormalizeTopK = gating == SoftmaxOverChosen || (fields.Boolean("expert_weights_norm") ?? family.NormalizeTopK),
            WeightScale = fields.Single("expert_weights_scale") is { } scale && scale != 0 ? scale : family.WeightScale,
            GroupCount = fields.Int32("expert_group_count") is { } groups && groups > 0 ? groups : 1,
            GroupTopK = fields.Int32("expert_group_used_count") is { } used && used > 0 ? used : 1,
            RouterBias = fields.HasRole(naming, TensorRole.RouterBias, leading),
            SelectionBias = fields.HasRole(naming, TensorRole.SelectionBias, leading),
            ExpertBias = fields.HasRole(naming, TensorRole.ExpertUpBias, leading),
            SharedIntermediateSize = !hasShared ? 0 : shared > 0 ? shared : SaturatedSize.Product(Math.Max(sharedCount, 1), width),
            SharedGate = fields.HasRole(naming, TensorRole.SharedWeight, leading),
        };
    }
}
