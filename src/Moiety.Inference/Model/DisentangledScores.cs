using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;

namespace Moiety.Inference.Model;

/// <summary>
/// The parts of DeBERTa's scores that meet positions (arXiv 2006.03654, section 3.1): scale · (q · K'[r] + k · Q'[r]), where K' and Q' are
/// projections of the embedding of relative positions and r is the row of the distance. The projections hang on weights only, so they
/// are computed once, when the model is opened.
/// </summary>
internal sealed unsafe class DisentangledScores : RelativeScores
{
    private const int MaxRun = 64;

    private readonly DistanceTable _rows;
    private readonly AlignedBuffer? _keys;
    private readonly AlignedBuffer? _queries;
    private readonly int _headSize;
    private readonly long _headStride;
    private readonly float _scale;

    /// <param name="config">The architecture.</param>
    /// <param name="rows">The row of each distance.</param>
    /// <param name="embedding">The embedding of relative positions, normalized where the model does so, [2 * span, hidden].</param>
    /// <param name="weights">The layer's projections.</param>
    public DisentangledScores(ModelConfig config, DistanceTable rows, AlignedBuffer embedding, RelativeProjections weights)
    {
        _rows = rows;
        _headSize = config.HeadSize;
        int count = 2 * config.Attention.Disentangled!.Span;
        _headStride = (long)count * _headSize;
        _scale = config.Attention.Scale ?? 1 / MathF.Sqrt(config.HeadSize);
        _keys = weights.Key is { } key ? Project(key, weights.KeyBias, embedding, count) : null;
        _queries = weights.Query is { } query ? Project(query, weights.QueryBias, embedding, count) : null;
    }

    /// <inheritdoc/>
    public override bool ReadsKeys => _queries is not null;

    /// <inheritdoc/>
    public override void Add(float* query, int head, int position, float* keys, int* positions, int count, float* scores)
    {
        if (_keys is not null)
        {
            AddContentToPosition(query, _keys.As<float>() + head * _headStride, position, positions, count, scores);
        }

        if (_queries is not null)
        {
            float* table = _queries.As<float>() + head * _headStride;
            for (int key = 0; key < count; key++)
            {
                float score;
                Scores(keys + (long)key * _headSize, table, _rows[position - positions[key]], 1, &score);
                scores[key] += score;
            }
        }
    }

    private void AddContentToPosition(float* query, float* table, int position, int* positions, int count, float* scores)
    {
        int first = int.MaxValue;
        int last = 0;
        for (int key = 0; key < count; key++)
        {
            int row = _rows[position - positions[key]];
            first = Math.Min(first, row);
            last = Math.Max(last, row);
        }

        // Neighbors have neighboring rows, so a page's keys usually share a short run of them. A product is the same in a run and alone.
        float* products = stackalloc float[MaxRun];
        bool runs = last - first < MaxRun;
        if (runs)
        {
            Scores(query, table, first, last - first + 1, products);
        }

        for (int key = 0; key < count; key++)
        {
            int row = _rows[position - positions[key]];
            if (!runs)
            {
                Scores(query, table, row, 1, products + row % MaxRun);
            }

            scores[key] += products[runs ? row - first : row % MaxRun];
        }
    }

    private void Scores(float* vector, float* table, int row, int count, float* products) => Attention.Scores(
        StorageFormats.F32, vector, (byte*)(table + (long)row * _headSize), _headSize * sizeof(float), count, _headSize, _scale, products);

    /// <summary>[head, row, head size]: one head's rows lie together.</summary>
    private AlignedBuffer Project(Matrix weights, float[] bias, AlignedBuffer embedding, int count)
    {
        int width = weights.Rows;
        using ActivationBuffer activations = new(count, weights.Columns);
        activations.Prepare(embedding.As<float>(), count, weights.Columns, weights.Columns, weights.Format.Activations, worker: 0, workers: 1);
        using AlignedBuffer projected = new((long)count * width * sizeof(float));
        MatrixProduct.MultiplyRows(weights, activations, 0, width, projected.As<float>(), width);
        AlignedBuffer heads = new((long)count * width * sizeof(float));
        for (int row = 0; row < count; row++)
        {
            for (int column = 0; column < width; column++)
            {
                long target = column / _headSize * _headStride + (long)row * _headSize + column % _headSize;
                heads.As<float>()[target] = projected.As<float>()[(long)row * width + column] + bias[column];
            }
        }

        return heads;
    }
}
