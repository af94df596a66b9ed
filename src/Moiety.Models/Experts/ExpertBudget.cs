using System.Collections.Immutable;
using System.Globalization;
using Moiety.Models.Configuration;

namespace Moiety.Models.Experts;

/// <summary>How many experts layers have: a count, a count for each layer, or a share of what they have.</summary>
public sealed record ExpertBudget
{
    private const double Rounding = 1e-9;

    private ExpertBudget(ImmutableArray<int> counts, double share, string text)
    {
        Counts = counts;
        Share = share;
        Text = text;
    }

    /// <summary>One count for all layers, or one for each; empty for a share.</summary>
    public ImmutableArray<int> Counts { get; }

    /// <summary>Share of each layer's experts, above 0 and at most 1; 0 for counts.</summary>
    public double Share { get; }

    /// <summary>What was written.</summary>
    public string Text { get; }

    /// <summary>Reads <c>48</c>, <c>8,8,6</c> (one for each Mixture-of-Experts layer), <c>75%</c> or <c>0.75</c>.</summary>
    /// <exception cref="InvalidInputException">It is none of these.</exception>
    public static ExpertBudget Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        bool isPercentage = text.EndsWith('%');
        if (isPercentage || text.Contains('.', StringComparison.Ordinal))
        {
            return double.TryParse(isPercentage ? text[..^1] : text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
                && number / (isPercentage ? 100 : 1) is > 0 and <= 1 and double share
                ? new ExpertBudget([], share, text)
                : throw new InvalidInputException($"\"{text}\" is no share of experts: write 75% or 0.75, above 0 and at most 1.");
        }

        return new ExpertBudget([.. text.Split(',').Select(part => int.TryParse(part.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0
            ? count
            : throw new InvalidInputException($"\"{part}\" in \"{text}\" is no number of experts. Write one number, one for each layer with experts such as 8,8,6, or a share such as 75%."))], 0, text);
    }

    /// <summary>The number of experts of each of a model's layers that has experts.</summary>
    /// <param name="config">The model.</param>
    /// <param name="layers">The layers that the budget is for, default for all; the others keep what they have.</param>
    /// <exception cref="InvalidInputException">A layer has too few experts, or would have too few for its top-k or its groups.</exception>
    public ImmutableSortedDictionary<int, int> Resolve(ModelConfig config, ImmutableArray<int> layers = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        int[] mixtures = [.. Enumerable.Range(0, config.LayerCount).Where(layer => config.FeedForwards[layer].Moe is not null)];
        if (mixtures.Length == 0)
        {
            throw new InvalidInputException($"the model is dense: none of its {config.LayerCount} layers has experts.");
        }

        int[] chosen = layers.IsDefault ? mixtures : [.. layers.Distinct().Order()];
        if (chosen.Except(mixtures).ToArray() is [int wrong, ..])
        {
            throw new InvalidInputException($"layer {wrong} has no experts; the layers that have are {string.Join(", ", mixtures)}, counted from 0.");
        }

        if (Counts.Length > 1 && Counts.Length != chosen.Length)
        {
            throw new InvalidInputException($"\"{Text}\" names {Counts.Length} layers, but {chosen.Length} layers have experts: {string.Join(", ", chosen)}.");
        }

        return mixtures.ToImmutableSortedDictionary(layer => layer, layer =>
        {
            MoeConfig moe = config.FeedForwards[layer].Moe!;
            int place = Array.IndexOf(chosen, layer);
            return place < 0 ? moe.ExpertCount : Check(layer, moe, CountFor(moe, place));
        });
    }

    private int CountFor(MoeConfig moe, int place)
    {
        if (!Counts.IsEmpty)
        {
            return Counts.Length == 1 ? Counts[0] : Counts[place];
        }

        int size = (int)Math.Ceiling((moe.ExpertCount / moe.GroupCount * Share) - Rounding);
        return size * moe.GroupCount;
    }

    private static int Check(int layer, MoeConfig moe, int count)
    {
        if (count > moe.ExpertCount)
        {
            throw new InvalidInputException($"layer {layer} has {moe.ExpertCount} experts, so it cannot have {count} of them.");
        }

        if (moe.Gating == GatingKind.Hash && count != moe.ExpertCount)
        {
            throw new InvalidInputException($"layer {layer}: a table of hash routing gives each token id its expert, so that none of the {moe.ExpertCount} can go. Choose other layers.");
        }

        if (count % moe.GroupCount != 0)
        {
            throw new InvalidInputException($"layer {layer}: {count} experts do not fall into {moe.GroupCount} equal groups, among which its router chooses. Give a multiple of {moe.GroupCount}.");
        }

        int size = count / moe.GroupCount;
        if (count < moe.TopK || size * moe.GroupTopK < moe.TopK)
        {
            string within = moe.GroupTopK < moe.GroupCount ? $" out of {moe.GroupTopK} of {moe.GroupCount} groups" : "";
            throw new InvalidInputException($"layer {layer}: each token visits {moe.TopK} experts{within}, so {count} experts are too few.");
        }

        return moe is { GroupScore: GroupScore.BestTwo, GroupCount: > 1 } && moe.GroupTopK < moe.GroupCount && size < 2
            ? throw new InvalidInputException($"layer {layer}: groups are ranked by their two best experts, so groups of one, which {count} experts would be, are too small.")
            : count;
    }
}
