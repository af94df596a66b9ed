using System.Diagnostics;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Steps;
using Moiety.Models.Quantization;

namespace Moiety.Evaluation.Speed;

/// <summary>
/// Measures how fast an engine reads a prompt and decodes. Tokens are random, so that a Mixture-of-Experts spreads over its
/// experts. Decoding is bound by the bytes that it reads, which are counted with it.
/// </summary>
public sealed class SpeedBenchmark
{
    private const int ChunkTokens = 512;

    private readonly Engine _engine;
    private readonly ModelSummary _summary;
    private readonly double _keyValueBytesPerToken;
    private readonly Batch _batch = new();
    private readonly int[] _tokens;

    /// <summary>Creates a benchmark.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="summary">What its model weighs.</param>
    /// <param name="keyValueBytesPerToken">Bytes of the keys and values that one token leaves in the engine's cache.</param>
    public SpeedBenchmark(Engine engine, ModelSummary summary, double keyValueBytesPerToken)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(summary);
        _engine = engine;
        _summary = summary;
        _keyValueBytesPerToken = keyValueBytesPerToken;
        _tokens = new int[engine.ContextLength];
        uint state = 1;
        foreach (ref int token in _tokens.AsSpan())
        {
            state = (state * 1664525) + 1013904223;
            token = (int)((ulong)state * (ulong)engine.Config.VocabularySize >> 32);
        }
    }

    /// <summary>Runs all measurements.</summary>
    /// <param name="options">What to measure.</param>
    /// <param name="progress">Told each measurement as it is done.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    public IReadOnlyList<SpeedMeasurement> Run(
        SpeedOptions options, IProgress<SpeedMeasurement>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate(_engine.ContextLength);
        List<SpeedMeasurement> measurements = [];
        foreach (int length in options.PrefillLengths)
        {
            measurements.Add(Repeat("prefill", 0, length, null, options, cancellationToken));
            progress?.Report(measurements[^1]);
        }

        foreach (int depth in options.DecodeDepths)
        {
            double keyValues = _keyValueBytesPerToken * (depth + (options.DecodeTokens / 2.0));
            measurements.Add(Repeat("decode", depth, options.DecodeTokens, _summary.ActiveWeightBytes + keyValues, options, cancellationToken));
            progress?.Report(measurements[^1]);
        }

        return measurements;
    }

    private SpeedMeasurement Repeat(
        string kind, int depth, int tokens, double? bytesPerToken, SpeedOptions options, CancellationToken cancellationToken)
    {
        int chunk = kind == "decode" ? 1 : ChunkTokens;
        List<double> seconds = [];

        // One repetition more than counted: the first meets cold code, cold pages and empty buffers.
        for (int repetition = 0; repetition <= options.Repetitions; repetition++)
        {
            using KvCache cache = _engine.CreateCache();
            Advance(cache, depth, ChunkTokens, cancellationToken);
            long start = Stopwatch.GetTimestamp();
            Advance(cache, tokens, chunk, cancellationToken);
            if (repetition > 0)
            {
                seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
        }

        return new SpeedMeasurement(kind, depth, tokens, [.. seconds.Order()], bytesPerToken);
    }

    private void Advance(KvCache cache, int tokens, int chunk, CancellationToken cancellationToken)
    {
        int end = cache.Length + tokens;
        while (cache.Length < end)
        {
            _batch.Clear();
            _batch.Add(cache, _tokens.AsSpan(cache.Length, Math.Min(chunk, end - cache.Length)), LogitsWanted.Last);
            _engine.Step(_batch, cancellationToken);
        }
    }
}
