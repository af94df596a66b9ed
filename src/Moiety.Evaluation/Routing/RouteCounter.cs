using Moiety.Data.Corpora;
using Moiety.Inference.Steps;
using Moiety.Models.Configuration;
using Moiety.Numerics.Randomness;

namespace Moiety.Evaluation.Routing;

/// <summary>Counts the choices of one router, by expert, kind of token and document.</summary>
internal sealed class RouteCounter(int layer, MoeConfig moe)
{
    private const int Shuffles = 20;
    private const ulong ShufflePurpose = 0x726F7574;

    private readonly int _experts = moe.ExpertCount;
    private readonly long[] _choices = new long[moe.ExpertCount];
    private readonly double[] _weights = new double[moe.ExpertCount];
    private readonly double[] _contributions = new double[moe.ExpertCount];
    private readonly Contingency _byKind = new(moe.ExpertCount, Enum.GetValues<TokenKind>().Length);
    private readonly List<int[]> _byDocument = [];
    private readonly List<(int Tokens, int[] Choices)> _batches = [];
    private double _entropy;

    /// <summary>Index of the layer.</summary>
    public int Layer => layer;

    /// <summary>What follows belongs to another document.</summary>
    public void BeginDocument() => _byDocument.Add(new int[_experts]);

    /// <summary>What follows belongs to another batch, as far as experts have a capacity.</summary>
    public void BeginBatch() => _batches.Add((0, new int[_experts]));

    /// <summary>Counts the choices for a token.</summary>
    public void Add(RouterDecision decision, TokenKind kind)
    {
        for (int choice = 0; choice < decision.Experts.Length; choice++)
        {
            int expert = decision.Experts[choice];
            _choices[expert]++;
            _weights[expert] += decision.Weights[choice];
            _contributions[expert] += (double)decision.Weights[choice] * decision.OutputNorms[choice];
            _batches[^1].Choices[expert]++;
            _byKind.Add(expert, (int)kind);
            _byDocument[^1][expert]++;
        }

        _batches[^1] = _batches[^1] with { Tokens = _batches[^1].Tokens + 1 };
        _entropy += RouterEntropy.Of(decision.Scores);
    }

    /// <summary>The statistics of what was counted.</summary>
    /// <param name="labels">[document].</param>
    /// <param name="seed">Of the shuffles.</param>
    public LayerRoutes Finish(IReadOnlyList<DocumentLabels?> labels, ulong seed)
    {
        int kinds = Enumerable.Range(0, _byKind.LabelCount).Count(kind => Enumerable.Range(0, _experts).Any(expert => _byKind[expert, kind] > 0));
        List<Specialization> specializations = [new("token kind", kinds, _byKind.MutualInformation(), _byKind.Bias())];
        foreach ((string about, Func<DocumentLabels, string?> read) in (ReadOnlySpan<(string, Func<DocumentLabels, string?>)>)[
            ("kind", one => one.Kind), ("register", one => one.Register), ("language", one => one.Language)])
        {
            if (Specialize(about, [.. labels.Select(one => one is null ? null : read(one))], seed) is { } specialization)
            {
                specializations.Add(specialization);
            }
        }

        return new LayerRoutes(layer, [.. _choices], [.. _weights])
        {
            TopK = moe.TopK,
            Contributions = [.. _contributions],
            RouterEntropy = _entropy / Math.Max(1, _batches.Sum(batch => (long)batch.Tokens)),
            Batches = [.. _batches.Select(batch => new BatchLoad(batch.Tokens, [.. batch.Choices]))],
            Specializations = [.. specializations],
            ByTokenKind = _byKind,
        };
    }

    // Documents without the label are left out; a label with a single value says nothing.
    private Specialization? Specialize(string about, string?[] labels, ulong seed)
    {
        string[] values = [.. labels.OfType<string>().Distinct().Order(StringComparer.Ordinal)];
        if (values.Length < 2)
        {
            return null;
        }

        Dictionary<string, int> indices = values.Select((value, index) => (value, index)).ToDictionary(pair => pair.value, pair => pair.index, StringComparer.Ordinal);
        int[] documents = [.. Enumerable.Range(0, labels.Length).Where(document => labels[document] is not null)];
        int[] assigned = [.. documents.Select(document => indices[labels[document]!])];
        double information = Count(documents, assigned, values.Length).MutualInformation();
        double baseline = 0;
        for (int shuffle = 0; shuffle < Shuffles; shuffle++)
        {
            int[] shuffled = [.. assigned];
            Xoshiro256 random = new(seed, ShufflePurpose, (ulong)shuffle);
            for (int index = shuffled.Length - 1; index > 0; index--)
            {
                int other = random.NextInt32(index + 1);
                (shuffled[index], shuffled[other]) = (shuffled[other], shuffled[index]);
            }

            baseline += Count(documents, shuffled, values.Length).MutualInformation();
        }

        return new Specialization(about, values.Length, information, baseline / Shuffles);
    }

    private Contingency Count(int[] documents, int[] labels, int labelCount)
    {
        Contingency counts = new(_experts, labelCount);
        for (int index = 0; index < documents.Length; index++)
        {
            int[] choices = _byDocument[documents[index]];
            for (int expert = 0; expert < _experts; expert++)
            {
                counts.Add(expert, labels[index], choices[expert]);
            }
        }

        return counts;
    }
}
