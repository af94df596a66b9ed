using Moiety.Numerics.Randomness;

namespace Moiety.Training.Routing;

/// <summary>
/// Top-k gating over router probabilities (softmax over all experts, in F32): the k most probable experts of each token,
/// equal probabilities decided for the lower expert id, then capacity. First choices are served before second ones,
/// as in GShard (arXiv 2006.16668), except under <see cref="DropPolicy.Probability"/>, which ranks all choices together.
/// </summary>
internal static class TopKGating
{
    /// <summary>Builds the routing table of a layer.</summary>
    /// <param name="probabilities">[tokens, experts], row-major.</param>
    /// <param name="experts">Number of experts.</param>
    /// <param name="topK">Experts per token.</param>
    /// <param name="capacity">The capacity, or null to drop nothing.</param>
    /// <param name="random">What <see cref="DropPolicy.Random"/> draws from.</param>
    internal static RoutingTable Route(ReadOnlySpan<float> probabilities, int experts, int topK, ExpertCapacity? capacity, ref Xoshiro256 random)
    {
        int tokens = probabilities.Length / experts;
        int[] choices = new int[tokens * topK];
        int[] first = new int[experts];
        int[] chosen = new int[experts];
        for (int token = 0; token < tokens; token++)
        {
            Span<int> choice = choices.AsSpan(token * topK, topK);
            Choose(probabilities.Slice(token * experts, experts), choice);
            first[choice[0]]++;
            foreach (int expert in choice)
            {
                chosen[expert]++;
            }
        }

        bool[]? dropped = capacity is null
            ? null
            : Drop(probabilities, choices, experts, topK, chosen, capacity, capacity.Tokens(tokens, experts, topK), ref random);
        return Sort(choices, experts, topK, first, chosen, dropped);
    }

    // The k largest, in falling order. Strictly greater wins, so the lower id keeps a tie.
    private static void Choose(ReadOnlySpan<float> row, Span<int> choice)
    {
        for (int k = 0; k < choice.Length; k++)
        {
            int best = -1;
            for (int expert = 0; expert < row.Length; expert++)
            {
                if (!choice[..k].Contains(expert) && (best < 0 || row[expert] > row[best]))
                {
                    best = expert;
                }
            }

            choice[k] = best;
        }
    }

    private static bool[]? Drop(ReadOnlySpan<float> probabilities, int[] choices, int experts, int topK, int[] chosen, ExpertCapacity capacity, int limit, ref Xoshiro256 random)
    {
        // One draw per assignment whether it is needed or not: what one expert drops does not depend on another's load.
        double[] keys = new double[choices.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            keys[i] = capacity.Policy switch
            {
                DropPolicy.Random => (i % topK) + random.NextDouble(),
                DropPolicy.Position => i % topK,
                DropPolicy.Probability => -probabilities[(i / topK * experts) + choices[i]],
                _ => throw new ArgumentOutOfRangeException(nameof(capacity), capacity.Policy, null),
            };
        }

        bool[]? dropped = null;
        for (int expert = 0; expert < experts; expert++)
        {
            if (chosen[expert] <= limit)
            {
                continue;
            }

            dropped ??= new bool[choices.Length];
            int[] assignments = new int[chosen[expert]];
            int count = 0;
            for (int i = 0; i < choices.Length; i++)
            {
                if (choices[i] == expert)
                {
                    assignments[count++] = i;
                }
            }

            Array.Sort(assignments, (a, b) => keys[a] != keys[b] ? keys[a].CompareTo(keys[b]) : a.CompareTo(b));
            foreach (int assignment in assignments.AsSpan(limit))
            {
                dropped[assignment] = true;
            }
        }

        return dropped;
    }

    // A counting sort of the kept assignments by expert, stable in token order.
    private static RoutingTable Sort(int[] choices, int experts, int topK, int[] first, int[] chosen, bool[]? dropped)
    {
        long[] kept = new long[experts];
        for (int i = 0; i < choices.Length; i++)
        {
            if (dropped is null || !dropped[i])
            {
                kept[choices[i]]++;
            }
        }

        long[] next = new long[experts];
        long total = 0;
        for (int expert = 0; expert < experts; expert++)
        {
            next[expert] = total;
            total += kept[expert];
        }

        long[] tokenOf = new long[total];
        long[] probabilityOf = new long[total];
        for (int i = 0; i < choices.Length; i++)
        {
            if (dropped is null || !dropped[i])
            {
                long place = next[choices[i]]++;
                tokenOf[place] = i / topK;
                probabilityOf[place] = ((long)(i / topK) * experts) + choices[i];
            }
        }

        return new RoutingTable
        {
            Tokens = tokenOf,
            ProbabilityIndices = probabilityOf,
            KeptCounts = kept,
            FirstChoiceCounts = first,
            ChosenCounts = chosen,
            Dropped = choices.Length - (int)total,
        };
    }
}
