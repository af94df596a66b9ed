using Moiety.Models.Configuration;
using Moiety.Training.Routing;

namespace Moiety.Training.Configuration;

/// <summary>Reads the entries of <c>model.layers</c>: dense layers, and layers of experts with their gate.</summary>
internal static class LayerReader
{
    private static readonly Dictionary<string, GatingKind> Gatings = new(StringComparer.Ordinal)
    {
        ["softmax"] = GatingKind.Softmax,
        ["sigmoid"] = GatingKind.Sigmoid,
    };

    private static readonly Dictionary<string, GroupScore> GroupScores = new(StringComparer.Ordinal)
    {
        ["best"] = GroupScore.Best,
        ["best-two"] = GroupScore.BestTwo,
    };

    /// <summary>The layers that an entry stands for.</summary>
    internal static IEnumerable<(FeedForwardConfig FeedForward, GateOptions? Gate)> Read(ConfigSection layer)
    {
        int repeat = layer.Int32("repeat", 1, 1024, 1);
        int experts = layer.Int32("experts", 0, 4096, 0);
        if (experts == 0)
        {
            int dense = layer.Int32("intermediate_size", 1, 1 << 20);
            layer.RefuseOthers();
            return Enumerable.Repeat((new FeedForwardConfig { IntermediateSize = dense }, (GateOptions?)null), repeat);
        }

        (GateKind kind, ConfigSection section) = ReadGate(layer);
        MoeConfig moe = ReadExperts(layer, experts, kind);
        kind.Check(layer, moe);
        GateOptions gate = kind.Read(section, moe);
        section.RefuseOthers();
        FeedForwardConfig config = new()
        {
            IntermediateSize = moe.Residual ? layer.Int32("intermediate_size", 1, 1 << 20) : 0,
            Moe = moe,
        };
        layer.RefuseOthers();
        return Enumerable.Repeat((config, (GateOptions?)gate), repeat);
    }

    // A name, or an object with the name and options.
    private static (GateKind Kind, ConfigSection Section) ReadGate(ConfigSection layer)
    {
        if (layer.IsObject("gate"))
        {
            ConfigSection gate = layer.Section("gate");
            return (gate.Choice("name", GateRegistry.ByName, GateRegistry.All[0].Name), gate);
        }

        return (layer.Choice("gate", GateRegistry.ByName, GateRegistry.All[0].Name), layer.Empty("gate"));
    }

    private static MoeConfig ReadExperts(ConfigSection layer, int experts, GateKind kind)
    {
        int topK = layer.Int32("top_k", 1, experts, Math.Min(kind.DefaultTopK, experts));
        int width = layer.Int32("expert_size", 1, 1 << 20);
        int grain = layer.Int32("fine_grain", 1, 4096, 1);
        if (width % grain != 0 || (long)experts * grain > 4096)
        {
            throw layer.Refuse("fine_grain", $"{grain} does not cut experts of width {width} into equal parts, or makes more than 4096 experts of {experts}");
        }

        int shared = layer.Int32("shared_size", 0, 1 << 20, 0);
        MoeConfig moe = kind.Defaults(new MoeConfig
        {
            ExpertCount = experts * grain,
            TopK = topK * grain,
            ExpertIntermediateSize = width / grain,
            NormalizeTopK = topK * grain > 1,
            Residual = layer.Boolean("residual", false),
            SharedIntermediateSize = shared,
            SharedGate = shared > 0 && layer.Boolean("shared_gate", false),
            WeightScale = (float)layer.Number("weight_scale", 1e-6, 1e6, 1),
        });
        int groups = layer.Int32("groups", 1, 4096, moe.GroupCount);
        // A gate may have a gating that layers cannot choose.
        GatingKind gating = Gatings.ContainsValue(moe.Gating) ? layer.Choice("gating", Gatings, moe.Gating == GatingKind.Sigmoid ? "sigmoid" : "softmax") : moe.Gating;
        moe = moe with
        {
            Gating = gating,
            NormalizeTopK = layer.Boolean("normalize_top_k", moe.NormalizeTopK),
            GroupCount = groups,
            GroupTopK = groups > 1 ? layer.Int32("group_top_k", 1, groups) : 1,
            GroupScore = groups > 1 ? layer.Choice("group_score", GroupScores, gating == GatingKind.Sigmoid ? "best-two" : "best") : GroupScore.Best,
            SelectionBias = layer.Boolean("selection_bias", moe.SelectionBias),
        };
        CheckExperts(layer, moe);
        return moe;
    }

    private static void CheckExperts(ConfigSection layer, MoeConfig moe)
    {
        if (moe.NormalizeTopK && moe.TopK == 1)
        {
            throw layer.Refuse("normalize_top_k", "true is not allowed with top_k 1: every weight would be 1 and the router would get no gradient");
        }

        if (moe.ExpertCount % moe.GroupCount != 0)
        {
            throw layer.Refuse("groups", $"{moe.GroupCount} does not divide the {moe.ExpertCount} experts into equal groups");
        }

        int reachable = moe.ExpertCount / moe.GroupCount * moe.GroupTopK;
        if (moe.TopK > reachable)
        {
            throw layer.Refuse("group_top_k", $"the {moe.GroupTopK} groups that a token may visit hold {reachable} experts, and it visits {moe.TopK}");
        }
    }
}
