using Moiety.Inference.KeyValues;
using Moiety.Models.Configuration;
using Moiety.Numerics;
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

    /// <summary>The units are the row's key and each of its heads' queries.</summary>
    public override bool UnitsAreTiles => false;

    public override void Project(in Worker worker, LayerRows rows, ActivationBuffer input)
    {
        AttentionSpace space = worker.Workspace.Attention;
        Multiply(worker, _latent.KeyValueDown, input, space.Keys);
        if (_latent.QueryDown is { } down)
        {
            Multiply(worker, down, input, space.CompressedQueries);
            worker.Barrier();
            input = PrepareCompressed(worker, rows.KeyValueCount, space);
        }

        Multiply(worker, _weights.Query, input, space.ProjectedQueries);
        worker.Barrier();
    }

    public override int Units(LayerRows rows) => checked(rows.KeyValueCount + rows.AttendingCount * _shape.Heads);

    public override void Prepare(in Worker worker, LayerRows rows, int unit)
    {
        if (unit < rows.KeyValueCount)
        {
            PrepareKey(worker, rows.KeyValueTokens[unit], unit);
            return;
        }

        // All rows of a head after each other, since they read the same weights.
        unit -= rows.KeyValueCount;
        int entry = unit % rows.AttendingCount;
        PrepareQuery(worker.Workspace.Attention, rows.AttendingTokens[entry], rows.AttendingRows[entry], unit / rows.AttendingCount);
    }

    public override float* Gathered(AttentionSpace space, int worker, AttentionTile tile, int entry, int head) =>
        space.Gathered(worker) + ((entry - tile.Start) * _shape.HeadsPerTile + head % _shape.HeadsPerTile) * _shape.ValueSize;

    public override void Mix(AttentionSpace space, float* gathered, int entry, int head)
    {
        Matrix up = _latent.KeyValueUp;
        byte* values = UpRow(head, _config.PlainHeadSize);
        float* output = space.Mixed + (long)entry * _shape.MixedWidth + head * _shape.OutputSize;
        Attention.Scores(up.Format, gathered, values, up.RowBytes, _shape.OutputSize, _shape.ValueSize, 1, output);
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

    private void PrepareQuery(AttentionSpace space, int token, int row, int head)
    {
        Matrix up = _latent.KeyValueUp;
        int plain = _config.PlainHeadSize;
        float* projected = space.ProjectedQueries + ((long)row * _shape.Heads + head) * _shape.ProjectedSize;
        float* query = space.Queries + (long)row * _shape.QueryWidth + head * _shape.KeySize;
        float* rotated = query + _shape.ValueSize;
        new ReadOnlySpan<float>(projected + plain, _config.RotaryHeadSize).CopyTo(new Span<float>(rotated, _config.RotaryHeadSize));
        _rotary?.Rotate(token, rotated);
        new Span<float>(query, _shape.ValueSize).Clear();
        Attention.Accumulate(up.Format, projected, UpRow(head, 0), up.RowBytes, plain, _shape.ValueSize, query);
    }

    /// <summary>A row of a head's part of the up projection: key rows come first.</summary>
    private byte* UpRow(int head, int row)
    {
        Matrix up = _latent.KeyValueUp;
        return up.Data + ((long)head * (_config.PlainHeadSize + _config.ValueHeadSize) + row) * up.RowBytes;
    }
}
