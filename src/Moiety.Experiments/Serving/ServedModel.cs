using System.Diagnostics;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Steps;
using Moiety.Models.Checkpoints;
using Moiety.Models.Quantization;
using Moiety.Numerics.Randomness;
using Moiety.Planning.Costs;

namespace Moiety.Experiments.Serving;

/// <summary>A model in the engine, whose decoding is timed.</summary>
internal sealed class ServedModel : IDisposable
{
    private const int HalfBytes = 2;

    private readonly Checkpoint _checkpoint;
    private readonly Engine _engine;
    private readonly ModelCost _cost;
    private readonly double _bytesPerParameter;
    private readonly Batch _batch = new();

    internal ServedModel(string name, bool isTrained, Checkpoint checkpoint, int threads)
    {
        Name = name;
        IsTrained = isTrained;
        _checkpoint = checkpoint;
        _engine = Engine.Open(checkpoint, new EngineOptions { Threads = threads });
        _cost = ModelCost.Of(checkpoint.Config);
        _bytesPerParameter = (double)ModelSummary.From(checkpoint).WeightBytes / _cost.Parameters;
    }

    /// <summary>Its name.</summary>
    internal string Name { get; }

    /// <summary>Whether it was trained.</summary>
    internal bool IsTrained { get; }

    /// <summary>All parameters.</summary>
    internal long Parameters => _cost.Parameters;

    /// <summary>Parameters that one token's forward pass multiplies with.</summary>
    internal long ActiveParameters => _cost.ActiveParameters;

    /// <summary>Longest sequence.</summary>
    internal int ContextLength => _engine.ContextLength;

    /// <summary>Threads that compute.</summary>
    internal int Threads => _engine.Threads;

    /// <summary>Expected bytes that a step reads.</summary>
    /// <param name="batch">Sequences that decode together.</param>
    /// <param name="keys">Mean number of keys that each sees.</param>
    internal double BytesPerStep(int batch, double keys) => _cost.WeightBytesRead(batch, _bytesPerParameter) + (batch * keys * _cost.KeyValueElements * HalfBytes);

    /// <summary>Decodes random tokens, which spread over the experts.</summary>
    /// <param name="batch">Sequences that decode together.</param>
    /// <param name="depth">Tokens in the context of each before.</param>
    /// <param name="steps">Steps to time.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    /// <returns>Mean seconds of a step.</returns>
    internal double Time(int batch, int depth, int steps, CancellationToken cancellationToken)
    {
        SplitMix64 random = new(1);
        List<KvCache> caches = [];
        try
        {
            int[] prompt = new int[depth];
            for (int i = 0; i < batch; i++)
            {
                caches.Add(_engine.CreateCache());
                Fill(prompt, ref random);
                _batch.Clear();
                _batch.Add(caches[i], prompt, LogitsWanted.Last);
                _engine.Step(_batch, cancellationToken);
            }

            int[] tokens = new int[batch];
            long start = Stopwatch.GetTimestamp();
            for (int step = 0; step < steps; step++)
            {
                Fill(tokens, ref random);
                _batch.Clear();
                for (int i = 0; i < batch; i++)
                {
                    _batch.Add(caches[i], tokens.AsSpan(i, 1), LogitsWanted.Last);
                }

                _engine.Step(_batch, cancellationToken);
            }

            return Stopwatch.GetElapsedTime(start).TotalSeconds / steps;
        }
        finally
        {
            caches.ForEach(cache => cache.Dispose());
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _engine.Dispose();
        _checkpoint.Dispose();
    }

    private void Fill(int[] tokens, ref SplitMix64 random)
    {
        foreach (ref int token in tokens.AsSpan())
        {
            token = (int)(random.Next() % (ulong)_checkpoint.Config.VocabularySize);
        }
    }
}
