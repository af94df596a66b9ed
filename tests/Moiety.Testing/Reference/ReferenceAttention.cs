using Moiety.Models.Configuration;

namespace Moiety.Testing;

/// <summary>Attention of one layer: every score of every head, from the first token on.</summary>
internal sealed class ReferenceAttention(ModelConfig config, ReferenceTensors tensors)
{
    private readonly AttentionConfig _attention = config.Attention;
    private readonly ReferenceProjections _projections = new(config, tensors);

    /// <param name="layer">The layer.</param>
    /// <param name="inputs">[token][hidden]: what attention reads, normalized where the layer does so.</param>
    /// <param name="pass">What is different about this pass.</param>
    /// <returns>
    /// [token][hidden]: the projected output, null where the token does not attend; and the weights, [head][query][key].
    /// </returns>
    public (double[]?[] Outputs, double[][][] Maps) Run(int layer, double[][] inputs, ReferencePass pass)
    {
        _projections.Project(layer, inputs, pass);
        double[][][] maps = new double[config.HeadCount][][];
        for (int head = 0; head < config.HeadCount; head++)
        {
            maps[head] = [.. Enumerable.Range(0, inputs.Length).Select(query => Weights(layer, head, query, inputs.Length, pass))];
        }

        double[]?[] outputs = new double[inputs.Length][];
        for (int query = 0; query < inputs.Length; query++)
        {
            if (pass.Attends?.Invoke(layer, query) ?? true)
            {
                double[] mixed = [.. Enumerable.Range(0, config.HeadCount).SelectMany(head => Gather(head, maps[head][query]))];
                outputs[query] = tensors.Product(TensorNames.AttentionOutput(layer), mixed);
                if (_attention.OutputBias)
                {
                    ReferenceMath.Add(outputs[query]!, tensors.Vector(TensorNames.AttentionOutputBias(layer)));
                }
            }
        }

        return (outputs, maps);
    }

    private double[] Weights(int layer, int head, int query, int count, ReferencePass pass)
    {
        if (!(pass.Attends?.Invoke(layer, query) ?? true))
        {
            return new double[count];
        }

        // The sink is one more key, the last.
        double[] scores = new double[count + 1];
        scores[count] = _attention.Sinks ? tensors.Vector(TensorNames.AttentionSinks(layer))[head] : double.NegativeInfinity;
        for (int key = 0; key < count; key++)
        {
            scores[key] = Sees(layer, query, key, pass) ? Score(layer, head, query, key, pass) : double.NegativeInfinity;
        }

        ReferenceMath.Softmax(scores);
        return scores[..count];
    }

    private double Score(int layer, int head, int query, int key, ReferencePass pass)
    {
        double score = _projections.Queries[query][head].Zip(_projections.Keys[key][head], (x, y) => x * y).Sum();
        score *= _attention.Scale ?? 1 / Math.Sqrt(config.HeadSize);
        if (_attention.LogitSoftCap > 0)
        {
            score = _attention.LogitSoftCap * Math.Tanh(score / _attention.LogitSoftCap);
        }

        if (_attention.AlibiMaxBias > 0)
        {
            int distance = (pass.Position?.Invoke(query) ?? query) - (pass.Position?.Invoke(key) ?? key);
            score -= ReferencePositions.AlibiSlopes(config.HeadCount, _attention.AlibiMaxBias)[head] * Math.Abs(distance);
        }

        return pass.Score?.Invoke(layer, head, query, key, score) ?? score;
    }

    private bool Sees(int layer, int query, int key, ReferencePass pass)
    {
        int window = config.AttentionOf(layer).Window;
        int distance = (pass.Order?.Invoke(query) ?? query) - (pass.Order?.Invoke(key) ?? key);
        return (pass.Sees?.Invoke(query, key) ?? (config.IsEncoder || key <= query))
            && (window == 0 || Math.Abs(distance) < window)
            && (pass.HasKeyValue?.Invoke(layer, key) ?? true);
    }

    private double[] Gather(int head, double[] weights)
    {
        double[] sum = new double[_projections.Values[0][head].Length];
        for (int key = 0; key < weights.Length; key++)
        {
            ReferenceMath.Add(sum, _projections.Values[key][head], weights[key]);
        }

        return sum;
    }
}
