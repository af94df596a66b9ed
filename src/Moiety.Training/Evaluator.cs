using Moiety.Training.Configuration;
using Moiety.Training.Corpora;
using Moiety.Training.Modules;
using Moiety.Training.Routing;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training;

/// <summary>Held-out cross-entropy of a module, with and without capacity drops: a gap says that the model relies on drops.</summary>
internal static class Evaluator
{
    /// <summary>Reads sequences in the order of the corpus; the same numbers whenever it is called with the same weights.</summary>
    /// <param name="module">The model.</param>
    /// <param name="data">The held-out sequences.</param>
    /// <param name="config">Batch size, arithmetic, and whether documents are isolated.</param>
    /// <param name="sequences">Most sequences to read.</param>
    /// <param name="capacity">Capacity of the second figure.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    internal static EvaluationResult Evaluate(DecoderModule module, PackedSequences data, TrainingConfig config, int sequences, ExpertCapacity capacity, CancellationToken cancellationToken)
    {
        int total = Math.Min(sequences, data.Count);
        bool routed = module.Adapter is null && module.Config.FeedForwards.Any(layer => layer.Moe is not null);
        double sum = 0;
        double sumWithDrops = 0;
        long tokens = 0;
        for (int first = 0; first < total; first += config.BatchSize)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            (Tensor ids, Tensor labels) = data.Sequential(first, Math.Min(config.BatchSize, total - first));
            sum += module.CrossEntropySum(ids, labels, Pass(null, 0));
            if (routed)
            {
                sumWithDrops += module.CrossEntropySum(ids, labels, Pass(capacity, (ulong)first));
            }

            tokens += labels.shape[0];
        }

        return new EvaluationResult(sum / tokens, (routed ? sumWithDrops : sum) / tokens, tokens);

        ForwardPass Pass(ExpertCapacity? capacity, ulong seed) => new(config.Precision, capacity, seed, trackRouterLosses: false) { IsolatesDocuments = config.IsolateDocuments };
    }
}
