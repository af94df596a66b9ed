using Moiety.Models.Configuration;

namespace Moiety.Inference.Model;

/// <summary>
/// The memory that a step computes in: allocated once, grown when a bigger batch comes. Rows are tokens (of the layer's list),
/// row-major.
/// </summary>
internal sealed unsafe class Workspace : IDisposable
{
    private const int Lanes = 16;

    private readonly ModelConfig _config;
    private readonly int _innerSize;
    private readonly int _expertInnerSize;
    private readonly int _topK;
    private readonly int _experts;
    private readonly ScratchBuffer<float> _residual = new();
    private readonly ScratchBuffer<float> _normed = new();
    private readonly ScratchBuffer<float> _queries = new();
    private readonly ScratchBuffer<float> _keys = new();
    private readonly ScratchBuffer<float> _values = new();
    private readonly ScratchBuffer<float> _mixed = new();
    private readonly ScratchBuffer<float> _product = new();
    private readonly ScratchBuffer<float> _gate = new();
    private readonly ScratchBuffer<float> _up = new();
    private readonly ScratchBuffer<float> _routerLogits = new();
    private readonly ScratchBuffer<float> _coefficients = new();
    private readonly ScratchBuffer<float> _expertGate = new();
    private readonly ScratchBuffer<float> _expertUp = new();
    private readonly ScratchBuffer<float> _expertProduct = new();
    private readonly ScratchBuffer<float>[] _scores;

    public Workspace(ModelConfig config, int workers)
    {
        _config = config;
        foreach (FeedForwardConfig layer in config.FeedForwards)
        {
            _innerSize = Math.Max(_innerSize, layer.IntermediateSize);
            _expertInnerSize = Math.Max(_expertInnerSize, layer.Moe?.ExpertIntermediateSize ?? 0);
            _topK = Math.Max(_topK, layer.Moe?.TopK ?? 0);
            _experts = Math.Max(_experts, layer.Moe?.ExpertCount ?? 0);
        }

        NormedActivations = new Activations(config.HiddenSize);
        MixedActivations = new Activations(config.HeadCount * config.HeadSize);
        InnerActivations = _innerSize > 0 ? new Activations(_innerSize) : null;
        ExpertActivations = _expertInnerSize > 0 ? new Activations(_expertInnerSize) : null;
        _scores = new ScratchBuffer<float>[workers];
        for (int worker = 0; worker < workers; worker++)
        {
            _scores[worker] = new ScratchBuffer<float>();
        }
    }

    /// <summary>[token, hidden]: the residual stream.</summary>
    public float* Residual => _residual.Data;

    /// <summary>[row, hidden].</summary>
    public float* Normed => _normed.Data;

    /// <summary>[row, heads * head size].</summary>
    public float* Queries => _queries.Data;

    /// <summary>[row, key-value heads * head size].</summary>
    public float* Keys => _keys.Data;

    /// <summary>[row, key-value heads * head size].</summary>
    public float* Values => _values.Data;

    /// <summary>[row, heads * head size]: values mixed by attention.</summary>
    public float* Mixed => _mixed.Data;

    /// <summary>[row, hidden]: a projection back to the residual stream.</summary>
    public float* Product => _product.Data;

    /// <summary>[row, inner].</summary>
    public float* Gate => _gate.Data;

    /// <summary>[row, inner].</summary>
    public float* Up => _up.Data;

    /// <summary>[row, experts].</summary>
    public float* RouterLogits => _routerLogits.Data;

    /// <summary>[row, 2].</summary>
    public float* Coefficients => _coefficients.Data;

    /// <summary>[slot, expert inner].</summary>
    public float* ExpertGate => _expertGate.Data;

    /// <summary>[slot, expert inner].</summary>
    public float* ExpertUp => _expertUp.Data;

    /// <summary>[slot, hidden].</summary>
    public float* ExpertProduct => _expertProduct.Data;

    public Activations NormedActivations { get; }

    public Activations MixedActivations { get; }

    /// <summary>Null when no layer has a dense branch.</summary>
    public Activations? InnerActivations { get; }

    /// <summary>Null when no layer has experts.</summary>
    public Activations? ExpertActivations { get; }

    /// <summary>Elements from one row of a worker's scores to the next.</summary>
    public int ScoreStride { get; private set; }

    /// <summary>[tile row, key]: a worker's own.</summary>
    public float* Scores(int worker) => _scores[worker].Data;

    /// <summary>Makes room for a step.</summary>
    public void Ensure(StepLayout layout)
    {
        long tokens = layout.TokenCount;
        int queries = _config.HeadCount * _config.HeadSize;
        int keys = _config.KeyValueHeadCount * _config.HeadSize;
        _residual.Ensure(tokens * _config.HiddenSize);
        _normed.Ensure(tokens * _config.HiddenSize);
        _product.Ensure(tokens * _config.HiddenSize);
        _queries.Ensure(tokens * queries);
        _mixed.Ensure(tokens * queries);
        _keys.Ensure(tokens * keys);
        _values.Ensure(tokens * keys);
        _gate.Ensure(tokens * _innerSize);
        _up.Ensure(tokens * _innerSize);
        NormedActivations.Ensure(layout.TokenCount);
        MixedActivations.Ensure(layout.TokenCount);
        InnerActivations?.Ensure(layout.TokenCount);
        if (ExpertActivations is not null)
        {
            long slots = tokens * _topK;
            _routerLogits.Ensure(tokens * _experts);
            _coefficients.Ensure(tokens * 2);
            _expertGate.Ensure(slots * _expertInnerSize);
            _expertUp.Ensure(slots * _expertInnerSize);
            _expertProduct.Ensure(slots * _config.HiddenSize);
            ExpertActivations.Ensure(checked((int)slots));
        }

        ScoreStride = (layout.MaxKeys + Lanes - 1) / Lanes * Lanes;
        int group = _config.HeadCount / _config.KeyValueHeadCount;
        foreach (ScratchBuffer<float> scores in _scores)
        {
            scores.Ensure((long)layout.TileLength * group * ScoreStride);
        }
    }

    public void Dispose()
    {
        foreach (ScratchBuffer<float> buffer in (ReadOnlySpan<ScratchBuffer<float>>)
            [_residual, _normed, _queries, _keys, _values, _mixed, _product, _gate, _up, _routerLogits, _coefficients, _expertGate, _expertUp, _expertProduct, .. _scores])
        {
            buffer.Dispose();
        }

        NormedActivations.Dispose();
        MixedActivations.Dispose();
        InnerActivations?.Dispose();
        ExpertActivations?.Dispose();
    }
}
