namespace Moiety.Evaluation.Routing;

/// <summary>How often each label occurs with each expert, and how much the one says about the other.</summary>
/// <param name="experts">Number of experts.</param>
/// <param name="labels">Number of labels.</param>
public sealed class Contingency(int experts, int labels)
{
    private readonly long[] _counts = new long[checked(experts * labels)];

    /// <summary>Number of experts.</summary>
    public int ExpertCount => experts;

    /// <summary>Number of labels.</summary>
    public int LabelCount => labels;

    /// <summary>How often a label occurred with an expert.</summary>
    public long this[int expert, int label] => _counts[(expert * labels) + label];

    /// <summary>Counts.</summary>
    public void Add(int expert, int label, long count = 1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)label, (uint)labels);
        _counts[(expert * labels) + label] += count;
    }

    /// <summary>
    /// Mutual information of expert and label in bits, from the counts as they are: sum p(e, l) log2 (p(e, l) / (p(e) p(l))). 0 when
    /// nothing was counted. Few counts make it too large, see <see cref="Bias"/>.
    /// </summary>
    public double MutualInformation()
    {
        (long[] ofExpert, long[] ofLabel, long total) = Margins();
        double sum = 0;
        for (int expert = 0; expert < experts; expert++)
        {
            for (int label = 0; label < labels; label++)
            {
                double count = this[expert, label];
                if (count > 0)
                {
                    sum += count * Math.Log2(count * total / ((double)ofExpert[expert] * ofLabel[label]));
                }
            }
        }

        return total > 0 ? Math.Max(0, sum / total) : 0;
    }

    /// <summary>
    /// What <see cref="MutualInformation"/> would be on average for independent experts and labels, to first order (Miller and Madow):
    /// (experts - 1)(labels - 1) / (2 N ln 2), where only experts and labels that occur count.
    /// </summary>
    public double Bias()
    {
        (long[] ofExpert, long[] ofLabel, long total) = Margins();
        int usedExperts = ofExpert.Count(count => count > 0);
        int usedLabels = ofLabel.Count(count => count > 0);
        return total > 0 ? (usedExperts - 1.0) * (usedLabels - 1) / (2 * total * Math.Log(2)) : 0;
    }

    private (long[] OfExpert, long[] OfLabel, long Total) Margins()
    {
        long[] ofExpert = new long[experts];
        long[] ofLabel = new long[labels];
        long total = 0;
        for (int expert = 0; expert < experts; expert++)
        {
            for (int label = 0; label < labels; label++)
            {
                long count = this[expert, label];
                ofExpert[expert] += count;
                ofLabel[label] += count;
                total += count;
            }
        }

        return (ofExpert, ofLabel, total);
    }
}
