using Moiety.Planning.Layouts;

namespace Moiety.Planning.Explanations;

/// <summary>The rules of a layout with their numbers.</summary>
internal static class LayoutFormulas
{
    /// <summary>Replicas, then a line for each kind of MoE layer.</summary>
    public static IEnumerable<Formula> Of(ParallelLayout layout)
    {
        yield return new Formula("replicas of all but the experts", "W / L", $"{layout.Devices} / {layout.Tensor}", $"{layout.Replicas}");
        foreach (IGrouping<MoeLayerLayout, MoeLayerLayout> group in layout.MoeLayers.GroupBy(layer => layer with { Layer = 0 }))
        {
            MoeLayerLayout one = group.Key;
            string where = group.Count() == 1 ? $"layer {group.First().Layer}" : $"{group.Count()} layers from {group.First().Layer} on";
            yield return new Formula(
                $"expert-parallel degree, {where}",
                "ep = gcd(E, W) unless given; s slices; dp = W / (ep s)",
                $"gcd({one.Experts}, {layout.Devices}); s = {one.ExpertSlice}; {layout.Devices} / ({one.ExpertParallel} * {one.ExpertSlice})",
                $"ep = {one.ExpertParallel}, {one.ExpertsPerDevice} expert{(one.ExpertsPerDevice == 1 ? "" : "s")} a device, dp = {one.DataParallel}");
        }
    }
}
