using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>
/// Attention of one layer over the paged cache: softmax(scale q·k) v for every query head, then the output projection. What queries,
/// keys and values are is the affair of its <see cref="AttentionProjections"/>, what scores become that of
/// <see cref="ScoreWeighing"/>.
/// </summary>
/// <remarks>
/// A query's scores, their softmax and the sum over values go through the keys in the order of the sequence, sums in lanes that
/// belong to absolute key indices: how a prompt was cut into steps, pages, tiles and threads cannot change a bit.
/// </remarks>
internal sealed unsafe class SelfAttention
{
    // So many queries share a head's keys that decoding them once pays.
    private const int RowsToDecode = 8;

    private readonly int _layer;
    private readonly AttentionWeights _weights;
    private readonly AttentionShape _shape;
    private readonly AttentionProjections _projections;
    private readonly ScoreWeighing _weighing;
    private readonly RelativeScores? _relative;
    private readonly KvLayout _pages;
    private readonly int _window;
    private readonly float _scale;
    private int _next;

    public SelfAttention(int layer, ModelConfig config, AttentionWeights weights, RotaryEmbedding? rotary, RelativeScores? relative, KvLayout pages)
    {
        _layer = layer;
        _weights = weights;
        _shape = new AttentionShape(config);
        _projections = _shape.IsLatent
            ? new LatentProjections(layer, config, weights, _shape, rotary, pages)
            : new HeadProjections(layer, config, weights, _shape, rotary, pages);
        _weighing = new ScoreWeighing(layer, config, weights.Sinks, pages);
        _relative = relative;
        _pages = pages;
        _window = config.AttentionOf(layer).Window;
        _scale = config.Attention.Scale ?? 1 / MathF.Sqrt(config.HeadSize);
    }

    /// <summary>The forms in which the input must be prepared.</summary>
    public ActivationForms InputForms => _projections.InputForms;

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
        if (worker.IsFirst)
        {
            // The projections end with a barrier, before which nobody takes a tile.
            _next = 0;
        }

        _projections.Project(worker, rows, input);
        bool preparesTiles = rows.IsDecode && _projections.UnitsAreTiles;
        if (!preparesTiles)
        {
            _projections.Prepare(worker, rows, worker.Rows(_projections.Units(rows)));
            worker.Barrier();
        }

        if (rows.AttendingCount == 0)
        {
            return default;
        }

        AttendTiles(worker, rows, preparesTiles);
        _projections.Mix(worker, rows);
        return Project(worker, rows.AttendingTokens, rows.AttendingCount);
    }

    private RowRange Project(in Worker worker, int* tokens, int count)
    {
        Workspace workspace = worker.Workspace;
        Preparation preparation = worker.Prepare(count);
        Activations mixed = preparation.Space.MixedActivations;
        preparation.Convert(mixed, workspace.Attention.Mixed, count, _shape.MixedWidth, _weights.Output.Format.Activations);
        preparation.Barrier();
        int hidden = _weights.Output.Rows;
        RowRange columns = worker.Multiply(_weights.Output, mixed.Buffer, tokens, workspace.Product);
        for (int row = 0; row < count && _weights.OutputBias.Length > 0; row++)
        {
            Bias.Add(_weights.OutputBias, columns, workspace.Product + (long)row * hidden);
        }

        return columns;
    }

    private void AttendTiles(in Worker worker, LayerRows rows, bool preparesTiles)
    {
        // Tiles differ in cost: workers take the next one when they are done. The longest come last in a prompt, so begin there.
        int tilesPerRow = _shape.KeyValueHeads * _shape.TilesPerGroup;
        int units = rows.TileCount * tilesPerRow;
        for (int unit = Interlocked.Increment(ref _next); unit <= units; unit = Interlocked.Increment(ref _next))
        {
            if (preparesTiles)
            {
                // One token for each sequence: a tile is a head of a row, and no other tile needs what it stores.
                _projections.Prepare(worker, rows, new RowRange(units - unit, units - unit + 1));
            }

            int tile = (units - unit) / tilesPerRow;
            int part = (units - unit) % tilesPerRow;
            Attend(worker, rows, rows.Tiles[tile], part / _shape.TilesPerGroup, part % _shape.TilesPerGroup);
        }
    }

    /// <summary>Some query heads of one key-value head for the rows of one tile.</summary>
    private void Attend(in Worker worker, LayerRows rows, AttentionTile tile, int head, int part)
    {
        AttentionSpace space = worker.Workspace.Attention;
        ref readonly SliceState slice = ref worker.Layout.Slice(tile.Slice);
        KeyVisibility visibility = slice.Visibility with { LayerWindow = _window };
        int firstMember = part * _shape.HeadsPerTile;
        int members = Math.Min(_shape.HeadsPerTile, _shape.Group - firstMember);
        int firstHead = head * _shape.Group + firstMember;
        float* scores = space.Scores(worker.Index);
        int stride = space.ScoreStride;
        (int first, int end) = KeysOf(slice, visibility, rows, tile);
        bool gaps = false;
        bool decodes = _pages.Format != StorageFormats.F32 && ((tile.End - tile.Start) * members >= RowsToDecode || _relative is { ReadsKeys: true });
        StorageFormat format = decodes ? StorageFormats.F32 : _pages.Format;
        long rowBytes = decodes ? _shape.KeySize * sizeof(float) : _pages.KeyRowBytes;
        for (int page = first / _pages.PageSize; page * _pages.PageSize < end; page++)
        {
            byte* address = slice.Cache.Page(page);
            byte* keys = address + _pages.KeyOffset(_layer, head);
            keys = decodes ? Decode(space, keys, SlotsOf(page, end), _shape.KeySize, worker.Index) : keys;
            gaps |= ((ulong*)address)[_layer] != 0;
            for (int entry = tile.Start; entry < tile.End; entry++)
            {
                (int from, int to) = Overlap(visibility, IndexOf(slice, rows, entry), page);
                float* query = space.Queries + (long)rows.AttendingRows[entry] * _shape.QueryWidth + firstHead * _shape.KeySize;
                float* row = scores + (long)(entry - tile.Start) * members * stride + from;
                byte* key = keys + (from - page * _pages.PageSize) * rowBytes;
                for (int member = 0; member < members && from < to; member++)
                {
                    Attention.Scores(format, query + member * _shape.KeySize, key, rowBytes, to - from, _shape.KeySize, _scale, row + (long)member * stride);
                }

                if (_relative is not null && from < to)
                {
                    int position = PositionOf(slice, IndexOf(slice, rows, entry));
                    int* positions = _pages.Positions(address) + (from - page * _pages.PageSize);
                    for (int member = 0; member < members; member++)
                    {
                        _relative.Add(query + member * _shape.KeySize, firstHead + member, position, (float*)key, positions, to - from, row + (long)member * stride);
                    }
                }
            }
        }

        for (int entry = tile.Start; entry < tile.End; entry++)
        {
            for (int member = 0; member < members; member++)
            {
                float* row = scores + ((long)(entry - tile.Start) * members + member) * stride;
                _weighing.Weigh(worker.Context, slice, visibility, IndexOf(slice, rows, entry), firstHead + member, row, gaps);
                new Span<float>(_projections.Gathered(space, rows, entry, firstHead + member), _shape.ValueSize).Clear();
            }
        }

        int valueElements = _shape.IsLatent ? _shape.KeySize : _shape.ValueSize;
        rowBytes = decodes ? valueElements * sizeof(float) : _pages.ValueRowBytes;
        for (int page = first / _pages.PageSize; page * _pages.PageSize < end; page++)
        {
            byte* values = slice.Cache.Page(page) + _pages.ValueOffset(_layer, head);
            values = decodes ? Decode(space, values, SlotsOf(page, end), valueElements, worker.Index) : values;
            for (int entry = tile.Start; entry < tile.End; entry++)
            {
                (int from, int to) = Overlap(visibility, IndexOf(slice, rows, entry), page);
                float* row = scores + (long)(entry - tile.Start) * members * stride + from;
                byte* value = values + (from - page * _pages.PageSize) * rowBytes;
                for (int member = 0; member < members && from < to; member++)
                {
                    float* gathered = _projections.Gathered(space, rows, entry, firstHead + member);
                    Attention.Accumulate(format, row + (long)member * stride, value, rowBytes, to - from, _shape.ValueSize, gathered);
                }
            }
        }
    }

    /// <summary>The position id of a token of the sequence.</summary>
    private int PositionOf(in SliceState slice, int index) => _pages.Positions(slice.Cache.Page(index / _pages.PageSize))[index % _pages.PageSize];

    /// <summary>Slots of a page up to the last key of a tile.</summary>
    private int SlotsOf(int page, int end) => Math.Min(_pages.PageSize, end - page * _pages.PageSize);

    /// <summary>Decodes rows of one head to singles: the same values that the kernels of the format decode.</summary>
    private byte* Decode(AttentionSpace space, byte* rows, int slots, int elements, int worker)
    {
        float* decoded = space.DecodedRows(worker);
        _pages.Format.Dequantize(new ReadOnlySpan<byte>(rows, (int)(slots * _pages.Format.RowBytes(elements))), new Span<float>(decoded, slots * elements));
        return (byte*)decoded;
    }

    /// <summary>The part of a page's keys that a query sees.</summary>
    private (int From, int To) Overlap(in KeyVisibility visibility, int query, int page) => (
        Math.Max(page * _pages.PageSize, visibility.Start(query)),
        Math.Min((page + 1) * _pages.PageSize, visibility.End(query)));

    private static (int First, int End) KeysOf(in SliceState slice, in KeyVisibility visibility, LayerRows rows, AttentionTile tile)
    {
        int first = int.MaxValue;
        int end = 0;
        for (int entry = tile.Start; entry < tile.End; entry++)
        {
            int query = IndexOf(slice, rows, entry);
            first = Math.Min(first, visibility.Start(query));
            end = Math.Max(end, visibility.End(query));
        }

        return (first, end);
    }

    private static int IndexOf(in SliceState slice, LayerRows rows, int entry) => slice.Cached + rows.AttendingTokens[entry] - slice.Start;
}
