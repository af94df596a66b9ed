namespace Moiety.Inference.Model;

/// <summary>The memory that attention computes in. Rows are tokens of the layer's list, row-major.</summary>
internal sealed unsafe class AttentionSpace : IDisposable
{
    private const int Lanes = 16;

    private readonly AttentionShape _shape;
    private readonly int _queryRank;
    private readonly ScratchBuffer<float> _queries = new();
    private readonly ScratchBuffer<float> _keys = new();
    private readonly ScratchBuffer<float> _values = new();
    private readonly ScratchBuffer<float> _mixed = new();
    private readonly ScratchBuffer<float> _projectedQueries = new();
    private readonly ScratchBuffer<float> _compressedQueries = new();
    private readonly ScratchBuffer<float>[] _scores;
    private readonly ScratchBuffer<float>[] _decodedRows;
    private readonly ScratchBuffer<float>[] _upRows;

    /// <param name="shape">The sizes.</param>
    /// <param name="queryRank">Width of compressed queries, or 0.</param>
    /// <param name="pageSize">Tokens of a page of the cache.</param>
    /// <param name="workers">Workers of the team.</param>
    public AttentionSpace(AttentionShape shape, int queryRank, int pageSize, int workers)
    {
        _shape = shape;
        _queryRank = queryRank;
        _scores = Buffers(workers);
        _decodedRows = Buffers(workers);
        _upRows = Buffers(workers);
        foreach (ScratchBuffer<float> rows in _decodedRows)
        {
            rows.Ensure((long)pageSize * shape.KeySize);
        }

        foreach (ScratchBuffer<float> rows in _upRows)
        {
            rows.Ensure(shape.IsLatent ? Math.Max(shape.ProjectedSize, shape.OutputSize) * (long)shape.ValueSize : 0);
        }
    }

    /// <summary>[key-value row, heads * key size].</summary>
    public float* Queries => _queries.Data;

    /// <summary>[key-value row, key-value heads * key size].</summary>
    public float* Keys => _keys.Data;

    /// <summary>[key-value row, key-value heads * value size]; null where values are a part of the keys.</summary>
    public float* Values => _values.Data;

    /// <summary>[attending row, heads * output size]: values mixed by attention.</summary>
    public float* Mixed => _mixed.Data;

    /// <summary>[key-value row, heads * projected size]: queries of latent attention before they are brought into the space of the keys.</summary>
    public float* ProjectedQueries => _projectedQueries.Data;

    /// <summary>[key-value row, query rank]: of latent attention.</summary>
    public float* CompressedQueries => _compressedQueries.Data;

    /// <summary>Elements from one row of a worker's scores to the next.</summary>
    public int ScoreStride { get; private set; }

    /// <summary>[tile row, key]: a worker's own.</summary>
    public float* Scores(int worker) => _scores[worker].Data;

    /// <summary>[slot of a page, key size]: a worker's own.</summary>
    public float* DecodedRows(int worker) => _decodedRows[worker].Data;

    /// <summary>Rows of one head's up projection in latent attention, decoded: a worker's own.</summary>
    public float* UpRows(int worker) => _upRows[worker].Data;

    /// <summary>Makes room for a step.</summary>
    public void Ensure(StepLayout layout)
    {
        long tokens = layout.TokenCount;
        _queries.Ensure(tokens * _shape.QueryWidth);
        _keys.Ensure(tokens * _shape.KeyWidth);
        _mixed.Ensure(tokens * _shape.MixedWidth);
        long tileRows = (long)layout.TileLength * _shape.HeadsPerTile;
        if (_shape.IsLatent)
        {
            _projectedQueries.Ensure(tokens * _shape.Heads * _shape.ProjectedSize);
            _compressedQueries.Ensure(tokens * _queryRank);
        }
        else
        {
            _values.Ensure(tokens * _shape.ValueWidth);
        }

        ScoreStride = (layout.MaxKeys + Lanes - 1) / Lanes * Lanes;
        foreach (ScratchBuffer<float> scores in _scores)
        {
            scores.Ensure(tileRows * ScoreStride);
        }
    }

    public void Dispose()
    {
        foreach (ScratchBuffer<float> buffer in (ReadOnlySpan<ScratchBuffer<float>>)
            [_queries, _keys, _values, _mixed, _projectedQueries, _compressedQueries, .. _scores, .. _decodedRows, .. _upRows])
        {
            buffer.Dispose();
        }
    }

    private static ScratchBuffer<float>[] Buffers(int count) => [.. Enumerable.Range(0, count).Select(_ => new ScratchBuffer<float>())];
}
