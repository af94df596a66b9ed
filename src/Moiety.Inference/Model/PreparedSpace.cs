using Moiety.Inference.Routing;
using Moiety.Models.Configuration;

namespace Moiety.Inference.Model;

/// <summary>
/// Inputs of products, prepared, and the routing that depends on them: either one for all workers, who fill it together and
/// wait for each other, or one for each worker, who fills it alone with the one row of a decoding step.
/// </summary>
internal sealed unsafe class PreparedSpace : IDisposable
{
    private readonly ModelConfig _config;
    private readonly int _topK;
    private readonly int _experts;
    private readonly ScratchBuffer<float> _normed = new();
    private readonly ScratchBuffer<float> _routerLogits = new();
    private readonly ScratchBuffer<float> _coefficients = new();

    public PreparedSpace(ModelConfig config, bool isShared)
    {
        _config = config;
        IsShared = isShared;
        int inner = 0;
        int expertInner = 0;
        foreach (FeedForwardConfig layer in config.FeedForwards)
        {
            inner = Math.Max(inner, layer.IntermediateSize);
            expertInner = Math.Max(expertInner, layer.Moe?.ExpertIntermediateSize ?? 0);
            _topK = Math.Max(_topK, layer.Moe?.TopK ?? 0);
            _experts = Math.Max(_experts, layer.Moe?.ExpertCount ?? 0);
        }

        NormedActivations = new Activations(config.HiddenSize);
        MixedActivations = new Activations(config.HeadCount * config.HeadSize);
        InnerActivations = inner > 0 ? new Activations(inner) : null;
        ExpertActivations = expertInner > 0 ? new Activations(expertInner) : null;
    }

    /// <summary>Whether all workers fill it together.</summary>
    public bool IsShared { get; }

    /// <summary>[row, hidden].</summary>
    public float* Normed => _normed.Data;

    /// <summary>[row, experts].</summary>
    public float* RouterLogits => _routerLogits.Data;

    /// <summary>[row, 2].</summary>
    public float* Coefficients => _coefficients.Data;

    /// <summary>The normed residual stream.</summary>
    public Activations NormedActivations { get; }

    /// <summary>What attention gathered.</summary>
    public Activations MixedActivations { get; }

    /// <summary>The inner activations of a dense branch; null when no layer has one.</summary>
    public Activations? InnerActivations { get; }

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
        InnerActivations?.Ensure(rows);
        if (ExpertActivations is not null)
        {
            _routerLogits.Ensure((long)rows * _experts);
            _coefficients.Ensure(rows * 2L);
            ExpertActivations.Ensure(checked(rows * _topK));
            Routing.Ensure(rows, _topK, _experts);
        }
    }

    public void Dispose()
    {
        _normed.Dispose();
        _routerLogits.Dispose();
        _coefficients.Dispose();
        NormedActivations.Dispose();
        MixedActivations.Dispose();
        InnerActivations?.Dispose();
        ExpertActivations?.Dispose();
        Routing.Dispose();
    }
}
