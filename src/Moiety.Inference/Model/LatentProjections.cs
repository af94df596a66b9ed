using Moiety.Inference.KeyValues;
using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>
/// Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434) in the absorbed form of its section 2.1.2: a query's plain part q of a
/// head meets the key W_K c as (W_K' q)·c, and what a head gathers of the compressed vectors c becomes W_V (sum of a c). The cache
/// holds c and the rotary key, once for all heads.
/// </summary>
internal sealed unsafe class LatentProjections : AttentionProjections
{
    // So many queries of a head make it worth to decode its rows of the up projection.
    private const int QueriesToDecode = 3;

    private readonly AttentionWeights _weights;
    private readonly LatentWeights _latent;
    private readonly LatentAttentionConfig _config;
    private readonly AttentionShape _shape;
    private readonly RotaryEmbedding? _rotary;
    private readonly float _epsilon;

    public LatentProjections(int layer, ModelConfig config, AttentionWeights weights, AttentionShape shape, RotaryEmbedding? rotary, KvLayout pages)
        : base(layer, pages)
    {
        _weights = weights;
        _latent = weights.Latent!;
        _config = config.Attention.Latent!;
        _shape = shape;
        _rotary = rotary;
        _epsilon = config.NormEpsilon;
    }

    public override ActivationForms InputForms => _latent.KeyValueDown.Format.Activations | (_latent.QueryDown ?? _weights.Query).Format.Activations;

    /// <summary>The units are the rows' keys, then the attending rows of one head after the other, since they read the same weights.</summary>
    public override bool UnitsAreTiles => false;

    public override void Project(in Worker worker, LayerRows rows, ActivationBuffer input)
    {
        AttentionSpace space = worker.Workspace.Attention;
        worker.Multiply(_latent.KeyValueDown, input, rows.KeyValueTokens, space.Keys);
        if (_latent.QueryDown is { } down)
        {
            worker.Multiply(down, input, rows.KeyValueTokens, space.CompressedQueries);
            worker.Barrier();
            input = PrepareCompressed(worker, rows.KeyValueCount, space);
        }

        worker.Multiply(_weights.Query, input, rows.KeyValueTokens, space.ProjectedQueries);
        worker.Barrier();
    }

    public override int Units(LayerRows rows) => checked(rows.KeyValueCount + rows.AttendingCount * _shape.Heads);

    public override void Prepare(in Worker worker, LayerRows rows, RowRange units)
    {
        int keys = rows.KeyValueCount;
        for (int row = units.Start; row < Math.Min(units.End, keys); row++)
        {
            PrepareKey(worker, rows.KeyValueTokens[row], row);
        }

        int count = rows.AttendingCount;
        AttentionSpace space = worker.Workspace.Attention;
        int end = units.End - keys;
        for (int unit = Math.Max(units.Start - keys, 0); unit < end;)
        {
            int head = unit / count;
            int stop = Math.Min(end, (head + 1) * count);
            DecodedRows up = UpRows(space, worker.Index, head, 0, _config.PlainHeadSize, stop - unit);
            for (; unit < stop; unit++)
            {
                int entry = unit % count;
                PrepareQuery(space, rows.AttendingTokens[entry], rows.AttendingRows[entry], head, up);
            }
        }
    }

    /// <summary>In the place of the query, which has met all keys by then.</summary>
    public override float* Gathered(AttentionSpace space, LayerRows rows, int entry, int head) =>
        space.Queries + (long)rows.AttendingRows[entry] * _shape.QueryWidth + head * _shape.KeySize;

    public override void Mix(in Worker worker, LayerRows rows)
    {
        worker.Barrier();
        int count = rows.AttendingCount;
        AttentionSpace space = worker.Workspace.Attention;
        RowRange units = worker.Rows(checked(count * _shape.Heads));
        for (int unit = units.Start; unit < units.End;)
        {
            int head = unit / count;
            int stop = Math.Min(units.End, (head + 1) * count);
            DecodedRows up = UpRows(space, worker.Index, head, _config.PlainHeadSize, _shape.OutputSize, stop - unit);
            for (; unit < stop; unit++)
            {
                int entry = unit % count;
                float* output = space.Mixed + (long)entry * _shape.MixedWidth + head * _shape.OutputSize;
                Attention.Scores(up.Format, Gathered(space, rows, entry, head), up.Data, up.Stride, _shape.OutputSize, _shape.ValueSize, 1, output);
            }
        }

        worker.Barrier();
    }

    /// <summary>Norms and prepares the compressed queries.</summary>
    private ActivationBuffer PrepareCompressed(in Worker worker, int count, AttentionSpace space)
    {
        int rank = _config.QueryRank;
        Preparation preparation = worker.Prepare(count);
        float* normed = preparation.Space.NormedQueries;
        RowRange range = preparation.Rows(count);
        for (int row = range.Start; row < range.End; row++)
        {
            RmsNorm.Apply(
                new ReadOnlySpan<float>(space.CompressedQueries + (long)row * rank, rank), _latent.QueryDownNorm, _epsilon,
                new Span<float>(normed + (long)row * rank, rank));
        }

        preparation.Barrier();
        Activations activations = preparation.Space.CompressedActivations!;
        preparation.Convert(activations, normed, count, rank, _weights.Query.Format.Activations);
        preparation.Barrier();
        return activations.Buffer;
    }

    private void PrepareKey(in Worker worker, int token, int row)
    {
        float* key = worker.Workspace.Attention.Keys + (long)row * _shape.KeySize;
        Span<float> compressed = new(key, _shape.ValueSize);
        RmsNorm.Apply(compressed, _latent.KeyValueDownNorm, _epsilon, compressed);
        _rotary?.Rotate(token, key + _shape.ValueSize);
        Store(worker, token, 0, new ReadOnlySpan<float>(key, _shape.KeySize), []);
    }

    private void PrepareQuery(AttentionSpace space, int token, int row, int head, DecodedRows up)
    {
        int plain = _config.PlainHeadSize;
        float* projected = space.ProjectedQueries + ((long)row * _shape.Heads + head) * _shape.ProjectedSize;
        float* query = space.Queries + (long)row * _shape.QueryWidth + head * _shape.KeySize;
        float* rotated = query + _shape.ValueSize;
        new ReadOnlySpan<float>(projected + plain, _config.RotaryHeadSize).CopyTo(new Span<float>(rotated, _config.RotaryHeadSize));
        _rotary?.Rotate(token, rotated);
        new Span<float>(query, _shape.ValueSize).Clear();
        Attention.Accumulate(up.Format, projected, up.Data, up.Stride, plain, _shape.ValueSize, query);
    }

    /// <summary>
    /// Rows of a head's part of the up projection, of which the key rows come first: as they are stored, or as the same values in
    /// singles where enough queries read them.
    /// </summary>
    private DecodedRows UpRows(AttentionSpace space, int worker, int head, int first, int count, int queries)
    {
        Matrix up = _latent.KeyValueUp;
        byte* rows = up.Data + ((long)head * (_config.PlainHeadSize + _config.ValueHeadSize) + first) * up.RowBytes;
        if (queries < QueriesToDecode || up.Format == StorageFormats.F32)
        {
            return new DecodedRows(up.Format, rows, up.RowBytes);
        }

        float* decoded = space.UpRows(worker);
        for (int row = 0; row < count; row++)
        {
            up.Format.Dequantize(
                new ReadOnlySpan<byte>(rows + row * up.RowBytes, (int)up.RowBytes), new Span<float>(decoded + (long)row * up.Columns, up.Columns));
        }

        return new DecodedRows(StorageFormats.F32, (byte*)decoded, up.Columns * sizeof(float));
    }

    private readonly struct DecodedRows(StorageFormat format, byte* data, long stride)
    {
        public StorageFormat Format { get; } = format;

        public byte* Data { get; } = data;

        public long Stride { get; } = stride;
    }
}
