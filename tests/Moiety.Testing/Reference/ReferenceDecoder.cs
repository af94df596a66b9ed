using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Testing;

/// <summary>
/// The slow, obvious forward pass: double precision, plain loops, everything computed anew from the first token. The oracle
/// of every fast path.
/// </summary>
public sealed class ReferenceDecoder
{
    private readonly ModelConfig _config;
    private readonly ReferenceTensors _tensors;
    private readonly ReferenceNorm _norm;
    private readonly ReferenceAttention _attention;
    private readonly ReferenceFeedForward _feedForward;

    public ReferenceDecoder(Checkpoint checkpoint)
    {
        _config = checkpoint.Config;
        _tensors = new ReferenceTensors(checkpoint);
        _norm = new ReferenceNorm(_config, _tensors);
        _attention = new ReferenceAttention(_config, _tensors);
        _feedForward = new ReferenceFeedForward(_config, _tensors);
    }

    /// <summary>Runs a whole sequence.</summary>
    public ReferenceOutput Forward(ReadOnlySpan<int> tokens, ReferencePass? pass = null)
    {
        pass ??= new ReferencePass();
        if (_config.IsEncoder && pass.Sees is null)
        {
            pass = pass with { Sees = (_, _) => true };
        }

        double[][] states = new double[tokens.Length][];
        for (int token = 0; token < tokens.Length; token++)
        {
            states[token] = Embed(tokens[token], pass.Position?.Invoke(token) ?? token, pass.TokenType?.Invoke(token) ?? 0);
        }

        int layers = _config.LayerCount;
        List<double[][]> hidden = [Copy(states)];
        double[][][][] attention = new double[layers][][][];
        ReferenceRouting[][] routing = new ReferenceRouting[layers][];
        for (int layer = 0; layer < layers; layer++)
        {
            (attention[layer], routing[layer]) = Layer(layer, tokens, states, pass);
            hidden.Add(Copy(states));
        }

        double[][] final = _config.FinalNorm
            ? [.. states.Select(state => _norm.Apply(state, TensorNames.FinalNorm, TensorNames.FinalNormBias))]
            : Copy(states);
        hidden.Add(final);
        return new ReferenceOutput
        {
            Logits = _config.IsEncoder ? [] : [.. final.Select(Logits)],
            HiddenStates = [.. hidden],
            Attention = attention,
            Routing = routing,
        };
    }

    private double[] Embed(int token, int position, int type)
    {
        double[] state = [.. _tensors.Matrix(TensorNames.Embedding)[token]];
        if (_config.EmbeddingSize > 0)
        {
            state = _tensors.Product(TensorNames.EmbeddingProjection, state);
        }

        state = [.. state.Select(value => value * _config.EmbeddingScale)];
        if (_config.LearnedPositions > 0)
        {
            ReferenceMath.Add(state, _tensors.Matrix(TensorNames.PositionEmbedding)[position + _config.PositionOffset]);
        }

        if (_config.TokenTypeCount > 0)
        {
            ReferenceMath.Add(state, _tensors.Matrix(TensorNames.TokenTypeEmbedding)[type]);
        }

        return _config.EmbeddingNorm ? _norm.Apply(state, TensorNames.EmbeddingNorm, TensorNames.EmbeddingNormBias) : state;
    }

    /// <summary>Changes the states; a branch that a token does not run leaves its state as it is.</summary>
    private (double[][][] Attention, ReferenceRouting[] Routing) Layer(int layer, ReadOnlySpan<int> tokens, double[][] states, ReferencePass pass)
    {
        NormPlacement placement = _config.NormPlacement;
        double[][] before = Copy(states);
        (double[]?[] outputs, double[][][] maps) = _attention.Run(layer, [.. states.Select(state => AttentionInput(layer, state))], pass);
        Join(states, outputs, TensorNames.AttentionNorm(layer), TensorNames.AttentionNormBias(layer), TensorNames.AttentionOutputNorm(layer));

        bool beside = placement is NormPlacement.Parallel or NormPlacement.ParallelTwoNorms;
        ReferenceRouting[] routing = new ReferenceRouting[states.Length];
        for (int token = 0; token < states.Length; token++)
        {
            (outputs[token], routing[token]) = (null, ReferenceRouting.None);
            if (pass.FeedsForward?.Invoke(layer, token) ?? true)
            {
                (outputs[token], routing[token]) = _feedForward.Run(layer, tokens[token], FeedForwardInput(layer, beside ? before[token] : states[token]));
            }
        }

        Join(states, outputs, TensorNames.FeedForwardNorm(layer), TensorNames.FeedForwardNormBias(layer), TensorNames.FeedForwardOutputNorm(layer));
        return (maps, routing);
    }

    private double[] AttentionInput(int layer, double[] state) => _config.NormPlacement is NormPlacement.Post or NormPlacement.Output
        ? state
        : _norm.Apply(state, TensorNames.AttentionNorm(layer), TensorNames.AttentionNormBias(layer));

    private double[] FeedForwardInput(int layer, double[] state) => _config.NormPlacement switch
    {
        NormPlacement.Post or NormPlacement.Output => state,
        NormPlacement.Parallel => AttentionInput(layer, state),
        _ => _norm.Apply(state, TensorNames.FeedForwardNorm(layer), TensorNames.FeedForwardNormBias(layer)),
    };

    private void Join(double[][] states, double[]?[] outputs, string weight, string bias, string outputWeight)
    {
        for (int token = 0; token < states.Length; token++)
        {
            if (outputs[token] is not { } output)
            {
                continue;
            }

            if (_config.NormPlacement is NormPlacement.Output or NormPlacement.Sandwich)
            {
                output = _norm.Apply(output, outputWeight, "");
            }

            ReferenceMath.Add(states[token], output, _config.ResidualScale);
            if (_config.NormPlacement == NormPlacement.Post)
            {
                states[token] = _norm.Apply(states[token], weight, bias);
            }
        }
    }

    private double[] Logits(double[] state)
    {
        double[] input = _config.EmbeddingSize > 0 ? _tensors.Product(TensorNames.HeadProjection, state) : state;
        double[] logits = _tensors.Product(_config.TieWordEmbeddings ? TensorNames.Embedding : TensorNames.Head, input);
        if (_config.HeadBias)
        {
            ReferenceMath.Add(logits, _tensors.Vector(TensorNames.HeadBias));
        }

        double cap = _config.LogitSoftCap;
        return [.. logits.Select(logit => logit * _config.LogitScale).Select(logit => cap > 0 ? cap * Math.Tanh(logit / cap) : logit)];
    }

    private static double[][] Copy(double[][] rows) => [.. rows.Select(row => (double[])row.Clone())];
}
