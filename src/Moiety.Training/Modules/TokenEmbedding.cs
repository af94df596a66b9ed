using Moiety.Models.Configuration;
using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>
/// The first rows of the residual stream: norm(scale * word [through a projection] + position), each part where the model has it.
/// </summary>
internal sealed class TokenEmbedding
{
    private readonly ModelConfig _config;
    private readonly Parameter? _positions;
    private readonly Norm? _norm;
    private readonly Parameter? _projection;

    /// <summary>Declares the parameters.</summary>
    internal TokenEmbedding(ParameterStore store, ModelConfig config)
    {
        _config = config;
        int width = config.EmbeddingSize > 0 ? config.EmbeddingSize : config.HiddenSize;
        Words = store.Declare((TensorNames.Embedding, config.VocabularySize, width));
        if (config.LearnedPositions > 0)
        {
            _positions = store.Declare((TensorNames.PositionEmbedding, config.LearnedPositions, config.HiddenSize));
        }

        if (config.EmbeddingNorm)
        {
            _norm = new Norm(store, config, TensorNames.EmbeddingNorm, TensorNames.EmbeddingNormBias);
        }

        if (config.EmbeddingSize > 0)
        {
            _projection = store.Declare((TensorNames.EmbeddingProjection, config.HiddenSize, width));
        }
    }

    /// <summary>[vocabulary, width]; a tied head multiplies by it.</summary>
    internal Parameter Words { get; }

    /// <summary>Embeds tokens.</summary>
    /// <param name="tokens">[batch, length], int64.</param>
    /// <param name="pass">The forward pass.</param>
    /// <returns>[batch * length, hidden] in F32.</returns>
    internal Tensor Forward(Tensor tokens, ForwardPass pass)
    {
        Tensor state = Words.Value.index_select(0, tokens.flatten().to(Words.Store.Device.Device));
        if (_projection is { } projection)
        {
            state = pass.Project(pass.Cast(state), projection).to(ScalarType.Float32);
        }

        if (_config.EmbeddingScale != 1)
        {
            state = state.Times(_config.EmbeddingScale);
        }

        if (_positions is { } positions)
        {
            long length = tokens.shape[1];
            Tensor rows = positions.Value.narrow(0, _config.PositionOffset, length);
            state = state.view(tokens.shape[0], length, _config.HiddenSize).Plus(rows).view(-1, _config.HiddenSize);
        }

        return _norm is null ? state : _norm.Forward(state, ScalarType.Float32);
    }
}
