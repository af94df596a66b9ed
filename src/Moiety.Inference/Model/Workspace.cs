using Moiety.Models.Configuration;
using Moiety.Numerics.Products;

namespace Moiety.Inference.Model;

/// <summary>
/// The memory that a step computes in: allocated once, grown when a bigger batch comes. Rows are tokens (of the layer's list),
/// row-major.
/// </summary>
internal sealed unsafe class Workspace : IDisposable
{
    private readonly ModelConfig _config;
    private readonly LayerSizes _sizes;
    private readonly ScratchBuffer<float> _residual = new();
    private readonly ScratchBuffer<float> _keptEmbedding = new();
    private readonly ScratchBuffer<float> _product = new();
    private readonly ScratchBuffer<float> _feedForwardProduct = new();
    private readonly ScratchBuffer<float> _sharedProduct = new();
    private readonly ScratchBuffer<float> _embedded = new();
    private readonly BranchBuffers[] _branches;
    private readonly ScratchBuffer<float> _expertGate = new();
    private readonly ScratchBuffer<float> _expertUp = new();
    private readonly ScratchBuffer<float> _expertProduct = new();
    private readonly PreparedSpace _shared;
    private readonly PreparedSpace[] _private;

    public Workspace(ModelConfig config, int pageSize, int workers, ActivationPrecision precision)
    {
        _config = config;
        _sizes = new LayerSizes(config);
        _branches = [.. _sizes.Branches.Select(size => new BranchBuffers(size))];
        _shared = new PreparedSpace(config, _sizes, precision, isShared: true);
        Attention = new AttentionSpace(new AttentionShape(config), config.Attention.Latent?.QueryRank ?? 0, pageSize, workers);
        _private = new PreparedSpace[workers];
        for (int worker = 0; worker < workers; worker++)
        {
            _private[worker] = new PreparedSpace(config, _sizes, precision, isShared: false);
            _private[worker].Ensure(1);
        }
    }

    /// <summary>[token, hidden]: the residual stream.</summary>
    public float* Residual => _residual.Data;

    /// <summary>[token, hidden]: the embedding, where a convolution reads it after the first layer.</summary>
    public float* KeptEmbedding => _keptEmbedding.Data;

    /// <summary>What attention computes in.</summary>
    public AttentionSpace Attention { get; }

    /// <summary>[row, hidden]: a projection back to the residual stream.</summary>
    public float* Product => _product.Data;

    /// <summary>[row, hidden]: the output of a feed-forward that runs beside attention; null in models without such.</summary>
    public float* FeedForwardProduct => _feedForwardProduct.Data;

    /// <summary>[row, hidden]: the output of shared experts; null in models without such.</summary>
    public float* SharedProduct => _sharedProduct.Data;

    /// <summary>[row, embedding size]: what is narrower or wider than the residual stream; null where nothing is.</summary>
    public float* Embedded => _embedded.Data;

    /// <summary>What one of a layer's perceptrons computes in: 0 for the dense or fixed one, 1 for the shared experts.</summary>
    public BranchBuffers Branch(int branch) => _branches[branch];

    /// <summary>[slot, expert inner]: the gate projection, or the up projection where there is no gate; then the inner activations.</summary>
    public float* ExpertGate => _expertGate.Data;

    /// <summary>[slot, expert inner]: the up projection where there is a gate.</summary>
    public float* ExpertUp => _expertUp.Data;

    /// <summary>[slot, hidden].</summary>
    public float* ExpertProduct => _expertProduct.Data;

    /// <summary>
    /// Where a worker prepares the input of products: one row sooner in a space of its own than together with the others,
    /// since that takes two barriers.
    /// </summary>
    /// <param name="rows">Rows of the layer.</param>
    /// <param name="worker">The worker.</param>
    public PreparedSpace PreparedFor(int rows, int worker) => rows == 1 ? _private[worker] : _shared;

    /// <summary>Makes room for a step.</summary>
    public void Ensure(StepLayout layout)
    {
        long tokens = layout.TokenCount;
        _residual.Ensure(tokens * _config.HiddenSize);
        _keptEmbedding.Ensure(_config.Convolution is null ? 0 : tokens * _config.HiddenSize);
        _product.Ensure(tokens * _config.HiddenSize);
        Attention.Ensure(layout);
        _embedded.Ensure(tokens * _config.EmbeddingSize);
        foreach (BranchBuffers branch in _branches)
        {
            branch.Ensure(tokens);
        }

        if (_config.NormPlacement is NormPlacement.Parallel or NormPlacement.ParallelTwoNorms)
        {
            _feedForwardProduct.Ensure(tokens * _config.HiddenSize);
        }

        if (_sizes.Branches[1] > 0)
        {
            _sharedProduct.Ensure(tokens * _config.HiddenSize);
        }

        _expertGate.Ensure(tokens * _sizes.TopK * _sizes.ExpertInner);
        _expertUp.Ensure(tokens * _sizes.TopK * _sizes.ExpertInner);
        _expertProduct.Ensure(tokens * _sizes.TopK * _config.HiddenSize);
        _shared.Ensure(layout.TokenCount);
    }

    public void Dispose()
    {
        foreach (ScratchBuffer<float> buffer in (ReadOnlySpan<ScratchBuffer<float>>)
            [_residual, _keptEmbedding, _product, _feedForwardProduct, _sharedProduct, _embedded, _expertGate, _expertUp, _expertProduct])
        {
            buffer.Dispose();
        }

        foreach (BranchBuffers branch in _branches)
        {
            branch.Dispose();
        }

        Attention.Dispose();
        _shared.Dispose();
        foreach (PreparedSpace space in _private)
        {
            space.Dispose();
        }
    }
}
