using Moiety.Numerics.Randomness;

namespace Moiety.Training.Routing;

/// <summary>
/// The experts that tokens chose, before and after the capacity: what token-choice gates fill in, and what <see cref="RoutingTable"/> is
/// sorted from. Time and memory are linear in tokens * slots.
/// </summary>
internal sealed class ExpertChoices
{
    /// <summary>What stands in a slot that is not used.</summary>
    internal const int None = -1;

    private readonly int _experts;
    private bool[]? _dropped;

    /// <summary>Choices of no token yet.</summary>
    /// <param name="tokens">Number of tokens.</param>
    /// <param name="experts">Number of experts.</param>
    /// <param name="slots">Most experts per token.</param>
    internal ExpertChoices(int tokens, int experts, int slots)
    {
        _experts = experts;
        Slots = slots;
        Chosen = new int[tokens * slots];
        Chosen.AsSpan().Fill(None);
    }

    /// <summary>Most experts per token, k.</summary>
    internal int Slots { get; }

    /// <summary>[tokens, slots]: experts, the first choice first, or <see cref="None"/>.</summary>
    internal int[] Chosen { get; }

    /// <summary>The slots of a token.</summary>
    internal Span<int> Of(int token) => Chosen.AsSpan(token * Slots, Slots);

    /// <summary>The k experts with the largest scores for every token that counts.</summary>
    /// <param name="scores">[tokens, experts], row-major.</param>
    /// <param name="experts">Number of experts.</param>
    /// <param name="slots">Experts per token.</param>
    /// <param name="used">Whether each token counts; empty when all do.</param>
    internal static ExpertChoices Best(ReadOnlySpan<float> scores, int experts, int slots, ReadOnlySpan<bool> used = default)
    {
        int tokens = scores.Length / experts;
        ExpertChoices choices = new(tokens, experts, slots);
        for (int token = 0; token < tokens; token++)
        {
            if (used.IsEmpty || used[token])
            {
                BestExperts.Choose(scores.Slice(token * experts, experts), choices.Of(token));
            }
        }

        return choices;
    }

    /// <summary>
    /// Drops what goes beyond the capacity. First choices are served before second ones, as in GShard (arXiv 2006.16668), except under
    /// <see cref="DropPolicy.Probability"/>, which ranks all choices together.
    /// </summary>
    /// <param name="capacity">The capacity.</param>
    /// <param name="scores">[tokens, experts], what <see cref="DropPolicy.Probability"/> ranks by.</param>
    /// <param name="tokens">Tokens that count: what the capacity is a share of.</param>
    /// <param name="random">What <see cref="DropPolicy.Random"/> draws from.</param>
    internal void Limit(ExpertCapacity capacity, ReadOnlySpan<float> scores, int tokens, ref Xoshiro256 random)
    {
        int limit = capacity.Tokens(tokens, _experts, Slots);
        int[] offsets = Offsets();
        (double Key, int Index)[] sorted = new (double Key, int Index)[offsets[_experts]];
        int[] next = offsets[..^1];
        for (int i = 0; i < Chosen.Length; i++)
        {
            // One draw per assignment whether it is needed or not: what one expert drops does not depend on another's load.
            double drawn = capacity.Policy == DropPolicy.Random ? random.NextDouble() : 0;
            int expert = Chosen[i];
            if (expert != None)
            {
                double key = capacity.Policy == DropPolicy.Probability ? -scores[(i / Slots * _experts) + expert] : (i % Slots) + drawn;
                sorted[next[expert]++] = (key, i);
            }
        }

        for (int expert = 0; expert < _experts; expert++)
        {
            Span<(double Key, int Index)> assignments = sorted.AsSpan(offsets[expert]..offsets[expert + 1]);
            if (assignments.Length > limit)
            {
                _dropped ??= new bool[Chosen.Length];
                assignments.Sort();
                foreach ((_, int index) in assignments[limit..])
                {
                    _dropped[index] = true;
                }
            }
        }
    }

    /// <summary>Sorts the kept assignments by expert, stable in token order.</summary>
    internal RoutingTable Sort()
    {
        int[] chosen = new int[_experts];
        int[] first = new int[_experts];
        long[] kept = new long[_experts];
        int assignments = 0;
        for (int i = 0; i < Chosen.Length; i++)
        {
            int expert = Chosen[i];
            if (expert != None)
            {
                assignments++;
                chosen[expert]++;
                first[expert] += i % Slots == 0 ? 1 : 0;
                kept[expert] += IsKept(i) ? 1 : 0;
            }
        }

        long[] next = new long[_experts];
        long total = 0;
        for (int expert = 0; expert < _experts; expert++)
        {
            next[expert] = total;
            total += kept[expert];
        }

        long[] tokenOf = new long[total];
        long[] probabilityOf = new long[total];
        for (int i = 0; i < Chosen.Length; i++)
        {
            if (Chosen[i] != None && IsKept(i))
            {
                long place = next[Chosen[i]]++;
                tokenOf[place] = i / Slots;
                probabilityOf[place] = ((long)(i / Slots) * _experts) + Chosen[i];
            }
        }

        return new RoutingTable
        {
            Tokens = tokenOf,
            ProbabilityIndices = probabilityOf,
            KeptCounts = kept,
            FirstChoiceCounts = first,
            ChosenCounts = chosen,
            Dropped = assignments - (int)total,
        };
    }

    private bool IsKept(int index) => _dropped is null || !_dropped[index];

    // [experts + 1]: where each expert's assignments begin in a list sorted by expert.
    private int[] Offsets()
    {
        int[] offsets = new int[_experts + 1];
        foreach (int expert in Chosen)
        {
            if (expert != None)
            {
                offsets[expert + 1]++;
            }
        }

        for (int expert = 0; expert < _experts; expert++)
        {
            offsets[expert + 1] += offsets[expert];
        }

        return offsets;
    }
}
