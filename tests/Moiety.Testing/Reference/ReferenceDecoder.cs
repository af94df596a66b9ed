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
    private readonly ReferenceAttention _attention;
    private readonly ReferenceFeedForward _feedForward;

    public ReferenceDecoder(Checkpoint checkpoint)
    {
        _config = checkpoint.Config;
        _tensors = new ReferenceTensors(checkpoint);
        _attention = new ReferenceAttention(_config, _tensors);
        _feedForward = new ReferenceFeedForward(_config, _tensors);
    }

    /// <summary>Runs a whole sequence.</summary>
    public ReferenceOutput Forward(ReadOnlySpan<int> tokens, ReferencePass? pass = null)
    {
        pass ??= new ReferencePass();
        double[][] embedding = _tensors.Matrix(TensorNames.Embedding);
        double[][] states = new double[tokens.Length][];
        for (int token = 0; token < tokens.Length; token++)
        {
            states[token] = [.. embedding[tokens[token]]];
        }

        int layers = _config.LayerCount;
        List<double[][]> hidden = [Copy(states)];
        double[][][][] attention = new double[layers][][][];
        int[][][] experts = new int[layers][][];
        double[][][] expertWeights = new double[layers][][];
        for (int layer = 0; layer < layers; layer++)
        {
            attention[layer] = Attend(layer, states, pass);
            (experts[layer], expertWeights[layer]) = FeedForward(layer, states, pass);
            hidden.Add(Copy(states));
        }

        double[] finalNorm = _tensors.Vector(TensorNames.FinalNorm);
        double[][] final = [.. states.Select(state => Normalize(state, finalNorm))];
        hidden.Add(final);
        double[][] head = _config.TieWordEmbeddings ? embedding : _tensors.Matrix(TensorNames.Head);
        return new ReferenceOutput
        {
            Logits = [.. final.Select(state => ReferenceMath.Product(head, state))],
            HiddenStates = [.. hidden],
            Attention = attention,
            Experts = experts,
            ExpertWeights = expertWeights,
        };
    }

    private double[][][] Attend(int layer, double[][] states, ReferencePass pass)
    {
        double[] norm = _tensors.Vector(TensorNames.AttentionNorm(layer));
        double[][] normed = [.. states.Select(state => Normalize(state, norm))];
        (double[]?[] outputs, double[][][] maps) = _attention.Run(layer, normed, pass);
        for (int token = 0; token < states.Length; token++)
        {
            if (outputs[token] is { } output)
            {
                ReferenceMath.Add(states[token], output);
            }
        }

        return maps;
    }

    private (int[][] Experts, double[][] Weights) FeedForward(int layer, double[][] states, ReferencePass pass)
    {
        double[] norm = _tensors.Vector(TensorNames.FeedForwardNorm(layer));
        int[][] experts = new int[states.Length][];
        double[][] weights = new double[states.Length][];
        for (int token = 0; token < states.Length; token++)
        {
            (experts[token], weights[token]) = ([], []);
            if (pass.FeedsForward?.Invoke(layer, token) ?? true)
            {
                (double[] output, experts[token], weights[token]) = _feedForward.Run(layer, Normalize(states[token], norm));
                ReferenceMath.Add(states[token], output);
            }
        }

        return (experts, weights);
    }

    private double[] Normalize(double[] state, double[] weight)
    {
        double scale = 1 / Math.Sqrt(state.Sum(value => value * value) / state.Length + _config.NormEpsilon);
        return [.. state.Select((value, index) => value * scale * weight[index])];
    }

    private static double[][] Copy(double[][] rows) => [.. rows.Select(row => (double[])row.Clone())];
}
