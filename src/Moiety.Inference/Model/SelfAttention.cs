using System.Collections.Immutable;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Numerics;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>
/// Grouped-query attention (arXiv 2305.13245) over the paged cache: softmax(q·k / sqrt(d)) v, then the output projection.
/// </summary>
/// <remarks>
/// A query's scores, their softmax and the sum over values go through the keys in the order of the sequence, sums in lanes that
/// belong to absolute key indices: how a prompt was cut into steps, pages, tiles and threads cannot change a bit.
/// </remarks>
internal sealed unsafe class SelfAttention
{
    private const int Lanes = 16;

    // So many queries share a head's keys that decoding them once pays.
    private const int RowsToDecode = 8;

    private readonly int _layer;
    private readonly AttentionWeights _weights;
    private readonly RotaryEmbedding _rotary;
    private readonly StorageFormat _format;
    private readonly KvLayout _pages;
    private readonly int _headSize;
    private readonly int _keyValueHeads;
    private readonly int _group;
    private readonly int _queryWidth;
    private readonly int _keyWidth;
    private int _next;

    public SelfAttention(int layer, AttentionWeights weights, RotaryEmbedding rotary, StorageFormat format, KvLayout pages)
    {
        _layer = layer;
        _weights = weights;
        _rotary = rotary;
        _format = format;
        _pages = pages;
        InputForms = weights.Query.Format.Activations | weights.Key.Format.Activations | weights.Value.Format.Activations;
        _headSize = pages.HeadSize;
        _keyValueHeads = pages.HeadCount;
        _queryWidth = weights.Query.Rows;
        _keyWidth = weights.Key.Rows;
        _group = _queryWidth / _keyWidth;
    }

    /// <summary>The forms in which the input must be prepared.</summary>
    public ActivationForms InputForms { get; }

    /// <summary>
    /// Stores keys and values of the layer's tokens and computes what the attending ones gather. The rows of
    /// <see cref="Workspace.Product"/> are the attending tokens; a worker has written its columns only.
    /// </summary>
    /// <param name="worker">This worker.</param>
    /// <param name="rows">The tokens that the layer works on; at least one has keys and values.</param>
    /// <param name="input">[key-value row, hidden]: what attention reads, prepared.</param>
    /// <returns>The worker's columns of the output; none when no token attends.</returns>
    public RowRange Run(in Worker worker, LayerRows rows, ActivationBuffer input)
    {
        Workspace workspace = worker.Workspace;
        Multiply(worker, _weights.Query, input, workspace.Queries);
        Multiply(worker, _weights.Key, input, workspace.Keys);
        Multiply(worker, _weights.Value, input, workspace.Values);
        if (worker.IsFirst)
        {
            // Nobody takes a tile before the next barrier.
            _next = 0;
        }

        worker.Barrier();
        if (!rows.IsDecode)
        {
            RowRange units = worker.Rows(checked(rows.KeyValueCount * _keyValueHeads));
            for (int unit = units.Start; unit < units.End; unit++)
            {
                RotateAndStore(worker, rows, unit / _keyValueHeads, unit % _keyValueHeads);
            }

            worker.Barrier();
        }

        if (rows.AttendingCount == 0)
        {
            return default;
        }

        AttendTiles(worker, rows);
        worker.Barrier();
        Preparation preparation = worker.Prepare(rows.AttendingCount);
        Activations mixed = preparation.Space.MixedActivations;
        preparation.Convert(mixed, workspace.Mixed, rows.AttendingCount, _queryWidth, _weights.Output.Format.Activations);
        preparation.Barrier();
        return Multiply(worker, _weights.Output, mixed.Buffer, workspace.Product);
    }

    private static RowRange Multiply(in Worker worker, Matrix weights, ActivationBuffer activations, float* output)
    {
        RowRange columns = worker.Columns(weights.Rows);
        MatrixProduct.MultiplyRows(weights, activations, columns.Start, columns.End, output, weights.Rows);
        return columns;
    }

    private void AttendTiles(in Worker worker, LayerRows rows)
    {
        // Tiles differ in cost: workers take the next one when they are done. The longest come last in a prompt, so begin there.
        int units = rows.TileCount * _keyValueHeads;
        for (int unit = Interlocked.Increment(ref _next); unit <= units; unit = Interlocked.Increment(ref _next))
        {
            int tile = (units - unit) / _keyValueHeads;
            int head = (units - unit) % _keyValueHeads;
            if (rows.IsDecode)
            {
                // One token for each sequence: a tile is a row, and no other tile needs what it stores.
                RotateAndStore(worker, rows, tile, head);
            }

            Attend(worker.Context, rows, rows.Tiles[tile], head, worker.Index);
        }
    }

    private void RotateAndStore(in Worker worker, LayerRows rows, int row, int head)
    {
        Workspace workspace = worker.Workspace;
        int token = rows.KeyValueTokens[row];
        float* queries = workspace.Queries + (long)row * _queryWidth + head * _group * _headSize;
        for (int member = 0; member < _group; member++)
        {
            _rotary.Rotate(token, queries + member * _headSize);
        }

        long offset = (long)row * _keyWidth + head * _headSize;
        _rotary.Rotate(token, workspace.Keys + offset);
        ref readonly SliceState slice = ref worker.Layout.SliceOf(token);
        int index = slice.Cached + token - slice.Start;
        byte* page = slice.Cache.Page(index / _pages.PageSize);
        long slot = (long)(index % _pages.PageSize) * _pages.RowBytes;
        Store(workspace.Keys + offset, page + _pages.KeyOffset(_layer, head) + slot);
        Store(workspace.Values + offset, page + _pages.ValueOffset(_layer, head) + slot);
    }

    private void Store(float* values, byte* row) =>
        _format.Quantize(new ReadOnlySpan<float>(values, _headSize), new Span<byte>(row, _pages.RowBytes));

    private void Attend(StepContext context, LayerRows rows, AttentionTile tile, int head, int worker)
    {
        Workspace workspace = context.Workspace;
        ref readonly SliceState slice = ref context.Layout.Slice(tile.Slice);
        float* scores = workspace.Scores(worker);
        int stride = workspace.ScoreStride;
        float scale = 1 / MathF.Sqrt(_headSize);
        (int first, int end) = KeysOf(slice, rows, tile);
        bool gaps = false;
        bool decodes = _format != StorageFormats.F32 && (tile.End - tile.Start) * _group >= RowsToDecode;
        StorageFormat format = decodes ? StorageFormats.F32 : _format;
        long rowBytes = format.RowBytes(_headSize);
        for (int page = first / _pages.PageSize; page * _pages.PageSize < end; page++)
        {
            byte* address = slice.Cache.Page(page);
            byte* keys = address + _pages.KeyOffset(_layer, head);
            keys = decodes ? Decode(workspace, keys, SlotsOf(page, end), worker) : keys;
            gaps |= ((ulong*)address)[_layer] != 0;
            for (int entry = tile.Start; entry < tile.End; entry++)
            {
                (int from, int to) = Overlap(slice, IndexOf(slice, rows, entry), page);
                float* query = workspace.Queries + (long)rows.AttendingRows[entry] * _queryWidth + head * _group * _headSize;
                float* row = scores + (long)(entry - tile.Start) * _group * stride + from;
                byte* key = keys + (from - page * _pages.PageSize) * rowBytes;
                for (int member = 0; member < _group && from < to; member++)
                {
                    Attention.Scores(format, query + member * _headSize, key, rowBytes, to - from, _headSize, scale, row + (long)member * stride);
                }
            }
        }

        for (int entry = tile.Start; entry < tile.End; entry++)
        {
            for (int member = 0; member < _group; member++)
            {
                float* row = scores + ((long)(entry - tile.Start) * _group + member) * stride;
                Weigh(context, slice, IndexOf(slice, rows, entry), head * _group + member, row, gaps);
            }

            new Span<float>(Mixed(workspace, entry, head), _group * _headSize).Clear();
        }

        for (int page = first / _pages.PageSize; page * _pages.PageSize < end; page++)
        {
            byte* values = slice.Cache.Page(page) + _pages.ValueOffset(_layer, head);
            values = decodes ? Decode(workspace, values, SlotsOf(page, end), worker) : values;
            for (int entry = tile.Start; entry < tile.End; entry++)
            {
                (int from, int to) = Overlap(slice, IndexOf(slice, rows, entry), page);
                float* row = scores + (long)(entry - tile.Start) * _group * stride + from;
                byte* value = values + (from - page * _pages.PageSize) * rowBytes;
                for (int member = 0; member < _group && from < to; member++)
                {
                    Attention.Accumulate(
                        format, row + (long)member * stride, value, rowBytes, to - from, _headSize, Mixed(workspace, entry, head) + member * _headSize);
                }
            }
        }
    }

    /// <summary>Slots of a page up to the last key of a tile.</summary>
    private int SlotsOf(int page, int end) => Math.Min(_pages.PageSize, end - page * _pages.PageSize);

    /// <summary>Decodes rows of one head to singles: the same values that the kernels of the format decode.</summary>
    private byte* Decode(Workspace workspace, byte* rows, int slots, int worker)
    {
        float* decoded = workspace.DecodedRows(worker);
        _format.Dequantize(new ReadOnlySpan<byte>(rows, slots * _pages.RowBytes), new Span<float>(decoded, slots * _headSize));
        return (byte*)decoded;
    }

    /// <summary>Turns the scores of one query head into weights that sum to 1, and hands them out where a plan asks for it.</summary>
    private void Weigh(StepContext context, in SliceState slice, int query, int head, float* scores, bool gaps)
    {
        int start = slice.Visibility.Start(query);
        int end = slice.Visibility.End(query);
        if (slice.Plan is { } plan)
        {
            Steer(plan.Steering, head, start, end, scores);
            if (slice.Visibility.HasHoles)
            {
                slice.Visibility.Hide(query, new Span<float>(scores, end));
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
            Softmax.Apply(weights);
        }

        int map = slice.Plan?.AttentionMaps.IndexOf(_layer) ?? -1;
        if (map >= 0)
        {
            float* output = context.Result.AttentionRow(SliceIndex(context, slice), map, head, query - slice.Cached);
            new ReadOnlySpan<float>(scores + start, end - start).CopyTo(new Span<float>(output + start, end - start));
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

    /// <summary>The part of a page's keys that a query sees.</summary>
    private (int From, int To) Overlap(in SliceState slice, int query, int page) => (
        Math.Max(page * _pages.PageSize, slice.Visibility.Start(query)),
        Math.Min((page + 1) * _pages.PageSize, slice.Visibility.End(query)));

    private static (int First, int End) KeysOf(in SliceState slice, LayerRows rows, AttentionTile tile)
    {
        int first = int.MaxValue;
        int end = 0;
        for (int entry = tile.Start; entry < tile.End; entry++)
        {
            int query = IndexOf(slice, rows, entry);
            first = Math.Min(first, slice.Visibility.Start(query));
            end = Math.Max(end, slice.Visibility.End(query));
        }

        return (first, end);
    }

    private static int IndexOf(in SliceState slice, LayerRows rows, int entry) => slice.Cached + rows.AttendingTokens[entry] - slice.Start;

    private static int SliceIndex(StepContext context, in SliceState slice) => context.Layout.SliceIndexOf(slice.Start);

    private float* Mixed(Workspace workspace, int entry, int head) => workspace.Mixed + (long)entry * _queryWidth + head * _group * _headSize;
}
