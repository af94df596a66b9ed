namespace Moiety.Training.Routing;

/// <summary>The k largest scores of a token, in one pass over its experts.</summary>
internal static class BestExperts
{
    /// <summary>Fills in the ids of the largest scores, in falling order; equal scores are decided for the lower id.</summary>
    /// <param name="scores">One for each expert.</param>
    /// <param name="choice">k ids; k is at most the number of experts.</param>
    internal static void Choose(ReadOnlySpan<float> scores, Span<int> choice)
    {
        int count = 0;
        for (int expert = 0; expert < scores.Length; expert++)
        {
            float score = scores[expert];
            if (count == choice.Length && score <= scores[choice[^1]])
            {
                continue;
            }

            // Insertion into the sorted buffer; what falls off its end is forgotten.
            int place = count < choice.Length ? count++ : count - 1;
            for (; place > 0 && score > scores[choice[place - 1]]; place--)
            {
                choice[place] = choice[place - 1];
            }

            choice[place] = expert;
        }
    }
}
