using System.Collections.Immutable;
using Moiety.Inference.Plans;
using Moiety.Models.Configuration;

namespace Moiety.Inference.Steps;

/// <summary>
/// What a step computed. One object per engine, filled anew by every step: spans are valid until the engine's next step.
/// </summary>
public sealed unsafe class StepResult : IDisposable
{
    private readonly ModelConfig _config;
    private readonly int _routerStride;
    private readonly int _scoreStride;
    private readonly ScratchBuffer<float> _logits = new();
    private readonly ScratchBuffer<float> _hiddenStates = new();
    private readonly ScratchBuffer<float> _attention = new();
    private readonly ScratchBuffer<int> _experts = new();
    private readonly ScratchBuffer<float> _expertWeights = new();
    private readonly ScratchBuffer<float> _routerScores = new();
    private readonly ScratchBuffer<float> _outputNorms = new();
    private readonly ScratchBuffer<int> _tokenOfRow = new();
    private Entry[] _entries = [];
    private int[] _rowOfToken = [];

    internal StepResult(ModelConfig config)
    {
        _config = config;
        foreach (FeedForwardConfig layer in config.FeedForwards)
        {
            _routerStride = Math.Max(_routerStride, layer.Moe?.TopK ?? 0);
            _scoreStride = Math.Max(_scoreStride, layer.Moe?.ExpertCount ?? 0);
        }
    }

    /// <summary>Slices of the batch.</summary>
    public int SliceCount { get; private set; }

    /// <summary>Rows of logits over all slices.</summary>
    public int LogitRowCount { get; private set; }

    /// <summary>The logits [vocabulary] of the last token of a slice that they were computed for.</summary>
    public ReadOnlySpan<float> Logits(int slice)
    {
        Entry entry = EntryOf(slice);
        for (int position = entry.Count - 1; position >= 0; position--)
        {
            if (_rowOfToken[entry.Start + position] >= 0)
            {
                return Logits(slice, position);
            }
        }

        throw new InvalidOperationException($"No logits were asked for in slice {slice}.");
    }

    /// <summary>The logits [vocabulary] of a token of a slice.</summary>
    public ReadOnlySpan<float> Logits(int slice, int position)
    {
        Entry entry = EntryOf(slice, position);
        int row = _rowOfToken[entry.Start + position];
        return row >= 0
            ? new ReadOnlySpan<float>(LogitRow(row), _config.VocabularySize)
            : throw new InvalidOperationException($"Logits of token {position} in slice {slice} were not asked for.");
    }

    /// <summary>The hidden state [hidden size] of a token.</summary>
    /// <param name="slice">Index of the slice.</param>
    /// <param name="depth">One of the plan's <see cref="ForwardPlan.HiddenStates"/>.</param>
    /// <param name="position">Index of the token in the slice.</param>
    public ReadOnlySpan<float> HiddenState(int slice, int depth, int position)
    {
        Entry entry = EntryOf(slice, position);
        int index = IndexIn(entry.Plan?.HiddenStates ?? [], depth, "Hidden states at depth", slice);
        return new ReadOnlySpan<float>(HiddenRow(entry, index, position), _config.HiddenSize);
    }

    /// <summary>
    /// How much a query head of a token attends to each key of the sequence; the weights sum to 1 (to less in models with attention
    /// sinks, which take their share), unseen keys have 0.
    /// </summary>
    /// <param name="slice">Index of the slice.</param>
    /// <param name="layer">One of the plan's <see cref="ForwardPlan.AttentionMaps"/>.</param>
    /// <param name="head">Query head.</param>
    /// <param name="position">Index of the token in the slice.</param>
    /// <returns>One weight per token of the sequence, the slice's included; all 0 where the schedule skipped the layer.</returns>
    public ReadOnlySpan<float> AttentionMap(int slice, int layer, int head, int position)
    {
        Entry entry = EntryOf(slice, position);
        ArgumentOutOfRangeException.ThrowIfNegative(head);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(head, _config.HeadCount);
        int index = IndexIn(entry.Plan?.AttentionMaps ?? [], layer, "Attention maps of layer", slice);
        return new ReadOnlySpan<float>(AttentionRow(entry, index, head, position), entry.KeyCount);
    }

    /// <summary>How a layer's router sent a token.</summary>
    /// <param name="slice">Index of the slice.</param>
    /// <param name="layer">One of the plan's <see cref="ForwardPlan.RouterDecisions"/>.</param>
    /// <param name="position">Index of the token in the slice.</param>
    public RouterDecision Routing(int slice, int layer, int position)
    {
        Entry entry = EntryOf(slice, position);
        int index = IndexIn(entry.Plan?.RouterDecisions ?? [], layer, "Router decisions of layer", slice);
        long offset = RoutingOffset(entry, index, position);
        MoeConfig moe = _config.FeedForwards[layer].Moe!;
        bool ran = _experts.Data[offset] >= 0;
        int count = ran ? moe.TopK : 0;
        int scores = entry.Plan!.RouterScores.IndexOf(layer);
        int norms = entry.Plan.ExpertOutputNorms.IndexOf(layer);
        return new RouterDecision(
            new(_experts.Data + offset, count),
            new(_expertWeights.Data + offset, count),
            ran && scores >= 0 ? new(_routerScores.Data + ScoreOffset(entry, scores, position), moe.ExpertCount) : [],
            ran && norms >= 0 ? new(_outputNorms.Data + NormOffset(entry, norms, position), count) : []);
    }

    /// <summary>Frees the memory; the engine does it.</summary>
    public void Dispose()
    {
        _tokenOfRow.Dispose();
        _logits.Dispose();
        _hiddenStates.Dispose();
        _attention.Dispose();
        _experts.Dispose();
        _expertWeights.Dispose();
        _routerScores.Dispose();
        _outputNorms.Dispose();
    }

    /// <summary>Lays out the results of a batch that was found valid.</summary>
    internal void Prepare(Batch batch)
    {
        if (_entries.Length < batch.Count)
        {
            _entries = new Entry[2 * batch.Count];
        }

        if (_rowOfToken.Length < batch.Tokens.Length)
        {
            _rowOfToken = new int[2 * batch.Tokens.Length];
        }

        _tokenOfRow.Ensure(batch.Tokens.Length);
        SliceCount = batch.Count;
        LogitRowCount = 0;
        long hidden = 0;
        long attention = 0;
        long routing = 0;
        long scores = 0;
        long norms = 0;
        for (int index = 0; index < batch.Count; index++)
        {
            SequenceSlice slice = batch.Slices[index];
            int keys = slice.Cache.Length + slice.Count;
            _entries[index] = new Entry(slice.Start, slice.Count, keys, slice.Plan, hidden, attention, routing, scores, norms);
            AssignRows(slice);
            if (slice.Plan is { } plan)
            {
                hidden += (long)plan.HiddenStates.Length * slice.Count * _config.HiddenSize;
                attention += (long)plan.AttentionMaps.Length * _config.HeadCount * slice.Count * keys;
                routing += (long)plan.RouterDecisions.Length * slice.Count * _routerStride;
                scores += (long)plan.RouterScores.Length * slice.Count * _scoreStride;
                norms += (long)plan.ExpertOutputNorms.Length * slice.Count * _routerStride;
            }
        }

        _logits.Ensure((long)LogitRowCount * _config.VocabularySize);
        _hiddenStates.Ensure(hidden);
        _attention.Ensure(attention);
        for (long index = 0; index < attention; index += int.MaxValue)
        {
            new Span<float>(_attention.Data + index, (int)Math.Min(int.MaxValue, attention - index)).Clear();
        }

        _experts.Ensure(routing);
        _expertWeights.Ensure(routing);
        _routerScores.Ensure(scores);
        _outputNorms.Ensure(norms);
        for (long index = 0; index < routing; index++)
        {
            _experts.Data[index] = -1;
        }
    }

    /// <summary>Nothing may be read any more: the step failed.</summary>
    internal void Invalidate()
    {
        SliceCount = 0;
        LogitRowCount = 0;
    }

    /// <summary>[row of logits]: token of the batch.</summary>
    internal int* LogitTokens => _tokenOfRow.Data;

    internal bool HasLogits(int token) => _rowOfToken[token] >= 0;

    internal float* LogitRow(int row) => _logits.Data + (long)row * _config.VocabularySize;

    internal float* HiddenRow(int slice, int index, int position) => HiddenRow(_entries[slice], index, position);

    internal float* AttentionRow(int slice, int index, int head, int position) => AttentionRow(_entries[slice], index, head, position);

    internal int* Experts(int slice, int index, int position) => _experts.Data + RoutingOffset(_entries[slice], index, position);

    internal float* ExpertWeights(int slice, int index, int position) =>
        _expertWeights.Data + RoutingOffset(_entries[slice], index, position);

    internal float* RouterScores(int slice, int index, int position) => _routerScores.Data + ScoreOffset(_entries[slice], index, position);

    internal float* OutputNorms(int slice, int index, int position) => _outputNorms.Data + NormOffset(_entries[slice], index, position);

    private void AssignRows(SequenceSlice slice)
    {
        ImmutableArray<int> listed = slice.Plan?.LogitPositions ?? default;
        for (int position = 0; position < slice.Count; position++)
        {
            bool wanted = listed.IsDefault
                ? slice.Logits == LogitsWanted.All || slice.Logits == LogitsWanted.Last && position == slice.Count - 1
                : listed.AsSpan().BinarySearch(position) >= 0;
            int token = slice.Start + position;
            _rowOfToken[token] = wanted ? LogitRowCount : -1;
            if (wanted)
            {
                _tokenOfRow.Data[LogitRowCount++] = token;
            }
        }
    }

    private float* HiddenRow(in Entry entry, int index, int position) =>
        _hiddenStates.Data + entry.HiddenOffset + ((long)index * entry.Count + position) * _config.HiddenSize;

    private float* AttentionRow(in Entry entry, int index, int head, int position) =>
        _attention.Data + entry.AttentionOffset + (((long)index * _config.HeadCount + head) * entry.Count + position) * entry.KeyCount;

    private long RoutingOffset(in Entry entry, int index, int position) =>
        entry.RoutingOffset + ((long)index * entry.Count + position) * _routerStride;

    private long ScoreOffset(in Entry entry, int index, int position) =>
        entry.ScoreOffset + ((long)index * entry.Count + position) * _scoreStride;

    private long NormOffset(in Entry entry, int index, int position) =>
        entry.NormOffset + ((long)index * entry.Count + position) * _routerStride;

    private Entry EntryOf(int slice)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(slice);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slice, SliceCount);
        return _entries[slice];
    }

    private Entry EntryOf(int slice, int position)
    {
        Entry entry = EntryOf(slice);
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(position, entry.Count);
        return entry;
    }

    private static int IndexIn(ImmutableArray<int> wanted, int value, string what, int slice)
    {
        int index = wanted.IndexOf(value);
        return index >= 0 ? index : throw new InvalidOperationException($"{what} {value} were not asked for in slice {slice}.");
    }

    private readonly record struct Entry(
        int Start, int Count, int KeyCount, ForwardPlan? Plan, long HiddenOffset, long AttentionOffset, long RoutingOffset, long ScoreOffset, long NormOffset);
}
