using Moiety.Data.Corpora;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Steps;
using Moiety.Models;
using Moiety.Models.Adapters;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers;
using Moiety.Numerics.Randomness;

namespace Moiety.Evaluation.Routing;

/// <summary>Reads texts with a model and an adapter with experts, and counts where the adapter's routers send the tokens.</summary>
public sealed class AdapterRouteMeter
{
    private const int StepTokens = 512;
    private const int Shuffles = 20;
    private const ulong ShufflePurpose = 0x61726F75;

    private readonly Checkpoint _checkpoint;
    private readonly LoraAdapter _adapter;
    private readonly EngineOptions _options;

    /// <summary>Creates a meter.</summary>
    /// <param name="checkpoint">The model.</param>
    /// <param name="adapter">The adapter, read for it.</param>
    /// <param name="options">How to use the machine.</param>
    /// <exception cref="InvalidInputException">The adapter has no experts.</exception>
    public AdapterRouteMeter(Checkpoint checkpoint, LoraAdapter adapter, EngineOptions options)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(adapter);
        ArgumentNullException.ThrowIfNull(options);
        _checkpoint = checkpoint;
        _adapter = adapter.Banks.Count > 0 ? adapter : throw new InvalidInputException($"{adapter.Path}: the adapter has no experts, so there are no routes.");
        _options = options;
    }

    /// <summary>Counts the routes of documents; one longer than a window is read in pieces, each from its start.</summary>
    /// <param name="documents">The texts, with labels where the corpus has them; one is in memory at a time.</param>
    /// <param name="seed">Of the shuffles that <see cref="Specialization.Baseline"/> needs.</param>
    /// <param name="progress">Told the number of tokens read.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>A router after the other, in the order of the forward pass.</returns>
    /// <exception cref="InvalidInputException">There is no token to read, or the model carries no tokenizer.</exception>
    public IReadOnlyList<AdapterRoutes> Measure(IEnumerable<CorpusDocument> documents, ulong seed = 1, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(documents);
        Tokenizer tokenizer = _checkpoint.Tokenizer ?? throw new InvalidInputException($"{_checkpoint.Path}: the model carries no tokenizer.");
        AdapterRouteRecorder recorder = new(_checkpoint, _adapter);
        using Engine engine = Engine.Open(_checkpoint, _options with { Adapter = _adapter, ProductInputs = recorder.Observe });
        List<int[]>[] counts = [.. recorder.Routers.Select(_ => new List<int[]>())];
        List<DocumentLabels?> labels = [];
        int window = Math.Min(StepTokens, engine.ContextLength);
        long tokens = 0;
        Batch batch = new();
        foreach (CorpusDocument document in documents)
        {
            int[] ids = tokenizer.Encode(document.Text);
            labels.Add(document.Labels);
            recorder.Clear();
            for (int start = 0; start < ids.Length; start += window)
            {
                int count = Math.Min(window, ids.Length - start);
                using KvCache cache = engine.CreateCache();
                batch.Clear();
                batch.Add(cache, ids.AsSpan(start, count), LogitsWanted.All);
                engine.Step(batch, cancellationToken);
                progress?.Report(tokens += count);
            }

            for (int router = 0; router < counts.Length; router++)
            {
                counts[router].Add(Count(recorder.DecisionsOf(router), recorder.Routers[router].Bank.Experts));
            }
        }

        return tokens > 0
            ? [.. counts.Select((perDocument, router) => Describe(recorder.Routers[router].Module.Name, perDocument, labels, seed))]
            : throw new InvalidInputException("the text is empty: there is no token to route.");
    }

    private static int[] Count(IEnumerable<int[]> decisions, int experts)
    {
        int[] counts = new int[experts];
        foreach (int expert in decisions.SelectMany(decision => decision))
        {
            counts[expert]++;
        }

        return counts;
    }

    private static AdapterRoutes Describe(string module, List<int[]> perDocument, List<DocumentLabels?> labels, ulong seed)
    {
        long[] choices = new long[perDocument[0].Length];
        foreach (int[] counts in perDocument)
        {
            for (int expert = 0; expert < choices.Length; expert++)
            {
                choices[expert] += counts[expert];
            }
        }

        (string About, Func<DocumentLabels, string?> Read)[] kinds = [("kind", one => one.Kind), ("register", one => one.Register), ("language", one => one.Language)];
        return new AdapterRoutes(module, [.. choices], [.. kinds
            .Select(kind => Specialize(kind.About, perDocument, [.. labels.Select(one => one is null ? null : kind.Read(one))], seed))
            .OfType<Specialization>()]);
    }

    // Documents without the label are left out; a label with a single value says nothing.
    private static Specialization? Specialize(string about, List<int[]> perDocument, string?[] labels, ulong seed)
    {
        string[] values = [.. labels.OfType<string>().Distinct().Order(StringComparer.Ordinal)];
        if (values.Length < 2)
        {
            return null;
        }

        int[] documents = [.. Enumerable.Range(0, labels.Length).Where(document => labels[document] is not null)];
        int[] assigned = [.. documents.Select(document => Array.IndexOf(values, labels[document]))];
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

            baseline += Information(perDocument, documents, shuffled, values.Length);
        }

        return new Specialization(about, values.Length, Information(perDocument, documents, assigned, values.Length), baseline / Shuffles);
    }

    private static double Information(List<int[]> perDocument, int[] documents, int[] labels, int labelCount)
    {
        Contingency counts = new(perDocument[0].Length, labelCount);
        for (int index = 0; index < documents.Length; index++)
        {
            int[] choices = perDocument[documents[index]];
            for (int expert = 0; expert < choices.Length; expert++)
            {
                counts.Add(expert, labels[index], choices[expert]);
            }
        }

        return counts.MutualInformation();
    }
}
