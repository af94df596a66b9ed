using Moiety.Models.Configuration;

namespace Moiety.Training.Configuration;

/// <summary>A layer in a few letters, for what a resumed run must share with the one that wrote the checkpoint.</summary>
internal static class LayerFingerprint
{
    /// <summary>The letters. What came later is added only where a layer has it, so that older runs resume.</summary>
    internal static string Of(FeedForwardConfig layer)
    {
        if (layer.Moe is not { } moe)
        {
            return FormattableString.Invariant($"{layer.IntermediateSize}");
        }

        string text = FormattableString.Invariant($"{layer.IntermediateSize}+{moe.ExpertCount}x{moe.ExpertIntermediateSize}/{moe.TopK}{(moe.NormalizeTopK ? "n" : "")}{(moe.Residual ? "r" : "")}");
        text += moe.Gating == GatingKind.Softmax ? "" : $" {moe.Gating}";
        text += moe.SelectionBias ? " biased" : "";
        text += moe.GroupCount == 1 ? "" : FormattableString.Invariant($" groups {moe.GroupTopK}/{moe.GroupCount} {moe.GroupScore}");
        text += moe.WeightScale == 1 ? "" : FormattableString.Invariant($" scale {moe.WeightScale}");
        return text + (moe.SharedIntermediateSize == 0 ? "" : FormattableString.Invariant($" shared {moe.SharedIntermediateSize}{(moe.SharedGate ? "g" : "")}"));
    }
}
