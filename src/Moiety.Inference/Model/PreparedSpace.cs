using Moiety.Inference.Routing;
using Moiety.Models.Configuration;
using Moiety.Numerics.Products;

namespace Moiety.Inference.Model;

/// <summary>
/// Inputs of products, prepared, and the routing that depends on them: either one for all workers, who fill it together and
/// wait for each other, or one for each worker, who fills it alone with the one row of a decoding step.
/// </summary>
internal sealed unsafe class PreparedSpace : IDisposable
{
    private readonly ModelConfig _config;
    private readonly LayerSizes _sizes;
    private readonly Activations?[] _inner;
    private readonly ScratchBuffer<float> _normed = new();
    private readonly ScratchBuffer<float> _normedQueries = new();
    private readonly ScratchBuffer<float> _embedded = new();
    private readonly ScratchBuffer<float> _routerLogits = new();
    private readonly ScratchBuffer<float> _selectionScores = new();
    private readonly ScratchBuffer<float> _coefficients = new();
    private readonly ScratchBuffer<float> _sharedWeights = new();

    public PreparedSpace(ModelConfig config, LayerSizes sizes, ActivationPrecision precision, bool isShared)
    {
        _config = config;
        _sizes = sizes;
        IsShared = isShared;
        NormedActivations = new Activations(config.HiddenSize, precision);
        MixedActivations = new Activations(new AttentionShape(config).MixedWidth, precision);
        CompressedActivations = config.Attention.Latent is { QueryRank: > 0 } latent ? new Activations(latent.QueryRank, precision) : null;
        EmbeddedActivations = config.EmbeddingSize > 0 ? new Activations(config.EmbeddingSize, precision) : null;
        _inner = [.. sizes.Branches.Select(size => size > 0 ? new Activations(size, precision) : null)];
        ExpertActivations = sizes.ExpertInner > 0 ? new Activations(sizes.ExpertInner, precision) : null;
    }

    /// <summary>Whether all workers fill it together.</summary>
    public bool IsShared { get; }

    /// <summary>[row, hidden].</summary>
    public float* Normed => _normed.Data;

    /// <summary>[row, query rank]: the compressed queries of latent attention, normed; null in models without such.</summary>
    public float* NormedQueries => _normedQueries.Data;

    /// <summary>[row, embedding size]; null when that is the residual stream's width.</summary>
    public float* Embedded => _embedded.Data;

    /// <summary>[row, experts].</summary>
    public float* RouterLogits => _routerLogits.Data;

    /// <summary>[row, experts]: what the choice of experts goes by where it is not the logits.</summary>
    public float* SelectionScores => _selectionScores.Data;

    /// <summary>[row]: weight of the shared experts' output.</summary>
    public float* SharedWeights => _sharedWeights.Data;

    /// <summary>[row, 2].</summary>
    public float* Coefficients => _coefficients.Data;

    /// <summary>The normed residual stream.</summary>
    public Activations NormedActivations { get; }

    /// <summary>What attention gathered.</summary>
    public Activations MixedActivations { get; }

    /// <summary>The compressed queries of latent attention; null in models without such.</summary>
    public Activations? CompressedActivations { get; }

    /// <summary>Rows of the embedding's width; null when it is the residual stream's.</summary>
    public Activations? EmbeddedActivations { get; }

    /// <summary>The inner activations of one of a layer's perceptrons.</summary>
    public Activations Inner(int branch) => _inner[branch] ?? throw new InvalidOperationException($"No layer has a perceptron {branch}.");

    /// <summary>The inner activations of experts, by slot; null when no layer has experts.</summary>
    public Activations? ExpertActivations { get; }

    /// <summary>Which experts the rows go to.</summary>
    public RoutingTable Routing { get; } = new();

    /// <summary>Makes room for a number of rows.</summary>
    public void Ensure(int rows)
    {
        _normed.Ensure((long)rows * _config.HiddenSize);
        NormedActivations.Ensure(rows);
        MixedActivations.Ensure(rows);
        CompressedActivations?.Ensure(rows);
        _normedQueries.Ensure((long)rows * (_config.Attention.Latent?.QueryRank ?? 0));
        _embedded.Ensure((long)rows * _config.EmbeddingSize);
        EmbeddedActivations?.Ensure(rows);
        foreach (Activations? inner in _inner)
        {
            inner?.Ensure(rows);
        }

        if (ExpertActivations is not null)
        {
            _routerLogits.Ensure((long)rows * _sizes.Experts);
            _selectionScores.Ensure((long)rows * _sizes.Experts);
            _coefficients.Ensure(rows * 2L);
            _sharedWeights.Ensure(rows);
            ExpertActivations.Ensure(checked(rows * _sizes.TopK));
            Routing.Ensure(rows, _sizes.TopK, _sizes.Experts);
        }
    }

    public void Dispose()
    {
        _normed.Dispose();
        _embedded.Dispose();
        _routerLogits.Dispose();
        _selectionScores.Dispose();
        _coefficients.Dispose();
        _sharedWeights.Dispose();
        NormedActivations.Dispose();
        MixedActivations.Dispose();
        CompressedActivations?.Dispose();
        _normedQueries.Dispose();
        EmbeddedActivations?.Dispose();
        foreach (Activations? inner in _inner)
        {
            inner?.Dispose();
        }

        ExpertActivations?.Dispose();
        Routing.Dispose();
    }
}
