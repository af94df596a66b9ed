using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Moiety.Inference.Steps;
using Moiety.Models;
using Moiety.Models.Configuration;

namespace Moiety.Inference.Plans;

/// <summary>Refuses plans that do not fit the model or their slice, before anything is computed.</summary>
internal static class PlanGuard
{
    /// <exception cref="InvalidInputException">The message names the slice, the field and the numbers that clash.</exception>
    public static void Check(ForwardPlan plan, in SequenceSlice slice, int index, ModelConfig config)
    {
        int end = slice.Cache.Length + slice.Count;
        if (!plan.PositionIds.IsDefault)
        {
            Require(plan.PositionIds.Length == slice.Count, index, nameof(ForwardPlan.PositionIds), $"{plan.PositionIds.Length} entries for {slice.Count} tokens");
            foreach (int position in plan.PositionIds)
            {
                Require(position >= 0, index, nameof(ForwardPlan.PositionIds), $"{position} is negative");
                Require(
                    config.LearnedPositions == 0 || position < config.LearnedPositions - config.PositionOffset,
                    index, nameof(ForwardPlan.PositionIds), $"{position} is not below the model's {config.LearnedPositions - config.PositionOffset} learned positions");
            }
        }

        if (!plan.TokenTypeIds.IsDefault)
        {
            Require(config.TokenTypeCount > 0, index, nameof(ForwardPlan.TokenTypeIds), $"the model has no token types");
            Require(plan.TokenTypeIds.Length == slice.Count, index, nameof(ForwardPlan.TokenTypeIds), $"{plan.TokenTypeIds.Length} entries for {slice.Count} tokens");
            foreach (int type in plan.TokenTypeIds)
            {
                Require(type >= 0 && type < config.TokenTypeCount, index, nameof(ForwardPlan.TokenTypeIds), $"{type} is not one of the {config.TokenTypeCount} token types");
            }
        }

        CheckVisibility(plan.Visibility, slice, index, end);
        foreach (AttentionSteering steering in plan.Steering)
        {
            CheckSteering(steering, index, config);
        }

        if (plan.Schedule is { } schedule)
        {
            Require(schedule.LayerCount == config.LayerCount, index, nameof(ForwardPlan.Schedule), $"it has {schedule.LayerCount} layers, the model has {config.LayerCount}");
            Require(schedule.TokenCount is not { } tokens || tokens == slice.Count, index, nameof(ForwardPlan.Schedule), $"it has {schedule.TokenCount} tokens, the slice has {slice.Count}");
        }

        CheckIndices(plan.HiddenStates, config.LayerCount + 2, index, nameof(ForwardPlan.HiddenStates), "depths");
        CheckIndices(plan.AttentionMaps, config.LayerCount, index, nameof(ForwardPlan.AttentionMaps), "layers");
        CheckIndices(plan.RouterDecisions, config.LayerCount, index, nameof(ForwardPlan.RouterDecisions), "layers");
        foreach (int layer in plan.RouterDecisions)
        {
            Require(config.FeedForwards[layer].Moe is not null, index, nameof(ForwardPlan.RouterDecisions), $"layer {layer} is dense and has no router");
        }

        CheckReported(plan.RouterScores, plan.RouterDecisions, index, nameof(ForwardPlan.RouterScores));
        CheckReported(plan.ExpertOutputNorms, plan.RouterDecisions, index, nameof(ForwardPlan.ExpertOutputNorms));

        if (!plan.LogitPositions.IsDefault)
        {
            CheckIndices(plan.LogitPositions, slice.Count, index, nameof(ForwardPlan.LogitPositions), "tokens");
            for (int entry = 1; entry < plan.LogitPositions.Length; entry++)
            {
                Require(plan.LogitPositions[entry - 1] < plan.LogitPositions[entry], index, nameof(ForwardPlan.LogitPositions), $"the list is not ascending");
            }
        }
    }

    private static void CheckVisibility(Visibility visibility, in SequenceSlice slice, int index, int end)
    {
        Require(visibility.Window is not { } window || window > 0, index, nameof(Visibility.Window), $"{visibility.Window} is not positive");
        ImmutableArray<KeyBlock> blocks = visibility.Blocks;
        for (int block = 0; block < blocks.Length; block++)
        {
            Require(blocks[block].Start >= 0 && blocks[block].Start < blocks[block].End, index, nameof(Visibility.Blocks), $"[{blocks[block].Start}, {blocks[block].End}) is no range");
            for (int other = 0; other < block; other++)
            {
                bool apart = blocks[block].End <= blocks[other].Start || blocks[other].End <= blocks[block].Start;
                Require(apart, index, nameof(Visibility.Blocks), $"blocks {other} and {block} overlap");
            }
        }

        ImmutableArray<int> parents = visibility.Parents;
        int start = visibility.TreeStart ?? slice.Cache.Length;
        Require(start >= 0, index, nameof(Visibility.TreeStart), $"{start} is negative");
        Require(parents.IsEmpty || (long)start + parents.Length >= end, index, nameof(Visibility.Parents), $"the tree has {parents.Length} tokens from {start} on, the slice ends at {end}");
        for (int node = 0; node < parents.Length; node++)
        {
            Require(parents[node] >= -1 && parents[node] < node, index, nameof(Visibility.Parents), $"{parents[node]} cannot be the parent of {node}");
        }
    }

    private static void CheckSteering(AttentionSteering steering, int index, ModelConfig config)
    {
        const string Field = nameof(ForwardPlan.Steering);
        Require(steering.Layer is not { } layer || layer >= 0 && layer < config.LayerCount, index, Field, $"there is no layer {steering.Layer} among {config.LayerCount}");
        Require(steering.Head is not { } head || head >= 0 && head < config.HeadCount, index, Field, $"there is no head {steering.Head} among {config.HeadCount}");
        Require(steering.KeyStart >= 0 && steering.KeyStart <= steering.KeyEnd, index, Field, $"[{steering.KeyStart}, {steering.KeyEnd}) is no range of keys");
        Require(float.IsFinite(steering.Scale), index, Field, $"the scale {steering.Scale} is not finite");
        Require(float.IsFinite(steering.Bias) || float.IsNegativeInfinity(steering.Bias), index, Field, $"the bias {steering.Bias} is neither finite nor negative infinity");
    }

    private static void CheckIndices(ImmutableArray<int> indices, int count, int slice, string field, string what)
    {
        foreach (int index in indices)
        {
            Require(index >= 0 && index < count, slice, field, $"{index} is not one of the {count} {what}");
        }
    }

    private static void CheckReported(ImmutableArray<int> layers, ImmutableArray<int> decisions, int slice, string field)
    {
        foreach (int layer in layers)
        {
            Require(decisions.Contains(layer), slice, field, $"layer {layer} is not among the {nameof(ForwardPlan.RouterDecisions)}");
        }
    }

    private static void Require(
        bool condition, int slice, string field, [InterpolatedStringHandlerArgument(nameof(condition))] FailureReason reason)
    {
        if (!condition)
        {
            throw new InvalidInputException($"Slice {slice}: the plan's {field} does not fit: {reason.Text()}.");
        }
    }
}
