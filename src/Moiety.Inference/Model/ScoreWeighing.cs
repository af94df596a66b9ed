using System.Collections.Immutable;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Models.Configuration;
using Moiety.Numerics.Kernels;

namespace Moiety.Inference.Model;

/// <summary>
/// Turns the scores of one query head into the weights of its keys: soft cap, then the bias of ALiBi, then the plan's steering, then
/// what is hidden, then the softmax with the head's sink.
/// </summary>
internal sealed unsafe class ScoreWeighing
{
    private const int Lanes = 16;

    private readonly int _layer;
    private readonly KvLayout _pages;
    private readonly float _softCap;
    private readonly float[] _slopes;
    private readonly float[] _sinks;

    /// <param name="layer">The layer.</param>
    /// <param name="config">The architecture.</param>
    /// <param name="sinks">[heads], or empty.</param>
    /// <param name="pages">Where pages keep gaps and positions.</param>
    public ScoreWeighing(int layer, ModelConfig config, float[] sinks, KvLayout pages)
    {
        _layer = layer;
        _pages = pages;
        _softCap = config.Attention.LogitSoftCap;
        _slopes = config.Attention.AlibiMaxBias > 0 ? AlibiSlopes.For(config.HeadCount, config.Attention.AlibiMaxBias) : [];
        _sinks = sinks;
    }

    /// <summary>Weighs one query head's keys, and hands the weights out where a plan asks for them.</summary>
    /// <param name="context">The step.</param>
    /// <param name="slice">The sequence.</param>
    /// <param name="visibility">Which keys are seen in this layer.</param>
    /// <param name="query">Index of the token in the sequence.</param>
    /// <param name="head">Query head.</param>
    /// <param name="scores">By index of the key in the sequence; in place.</param>
    /// <param name="gaps">Whether some tokens left no key.</param>
    public void Weigh(StepContext context, in SliceState slice, in KeyVisibility visibility, int query, int head, float* scores, bool gaps)
    {
        int start = visibility.Start(query);
        int end = visibility.End(query);
        if (_softCap > 0)
        {
            SoftCap.Apply(new Span<float>(scores + start, end - start), _softCap);
        }

        if (_slopes.Length > 0)
        {
            AddDistances(slice, query, _slopes[head], start, end, scores);
        }

        if (slice.Plan is { } plan)
        {
            Steer(plan.Steering, head, start, end, scores);
            if (visibility.HasHoles)
            {
                visibility.Hide(query, new Span<float>(scores, end));
            }
        }

        if (gaps)
        {
            HideGaps(slice, start, end, scores);
        }

        // Lanes of the sum belong to absolute indices: begin at a multiple of their number.
        int begin = start / Lanes * Lanes;
        new Span<float>(scores + begin, start - begin).Fill(float.NegativeInfinity);
        Span<float> weights = new(scores + begin, end - begin);
        if (slice.Plan is { Steering.IsEmpty: false } && !weights.ContainsAnyExcept(float.NegativeInfinity))
        {
            // The plan hides every key: there is nothing to attend to.
            weights.Clear();
        }
        else
        {
            Softmax.Apply(weights, _sinks.Length > 0 ? _sinks[head] : float.NegativeInfinity);
        }

        int map = slice.Plan?.AttentionMaps.IndexOf(_layer) ?? -1;
        if (map >= 0)
        {
            float* output = context.Result.AttentionRow(context.Layout.SliceIndexOf(slice.Start), map, head, query - slice.Cached);
            new ReadOnlySpan<float>(scores + start, end - start).CopyTo(new Span<float>(output + start, end - start));
        }
    }

    /// <summary>score -= slope * |query position - key position|.</summary>
    private void AddDistances(in SliceState slice, int query, float slope, int start, int end, float* scores)
    {
        int pageSize = _pages.PageSize;
        int position = _pages.Positions(slice.Cache.Page(query / pageSize))[query % pageSize];
        for (int key = start; key < end;)
        {
            int* positions = _pages.Positions(slice.Cache.Page(key / pageSize));
            int stop = Math.Min(end, (key / pageSize + 1) * pageSize);
            for (; key < stop; key++)
            {
                scores[key] -= slope * Math.Abs(position - positions[key % pageSize]);
            }
        }
    }

    private void Steer(ImmutableArray<AttentionSteering> steerings, int head, int start, int end, float* scores)
    {
        foreach (AttentionSteering steering in steerings)
        {
            if ((steering.Layer ?? _layer) != _layer || (steering.Head ?? head) != head)
            {
                continue;
            }

            int last = Math.Min(end, steering.KeyEnd);
            for (int key = Math.Max(start, steering.KeyStart); key < last; key++)
            {
                scores[key] = steering.Scale * scores[key] + steering.Bias;
            }
        }
    }

    /// <summary>Hides tokens that skipped this layer and left no keys and values in it.</summary>
    private void HideGaps(in SliceState slice, int start, int end, float* scores)
    {
        for (int key = start; key < end; key++)
        {
            ulong missing = ((ulong*)slice.Cache.Page(key / _pages.PageSize))[_layer];
            if ((missing >> (key % _pages.PageSize) & 1) != 0)
            {
                scores[key] = float.NegativeInfinity;
            }
        }
    }
}
