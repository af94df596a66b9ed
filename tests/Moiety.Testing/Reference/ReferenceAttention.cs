using Moiety.Models.Configuration;

namespace Moiety.Testing;

/// <summary>Attention of one layer: every score of every head, from the first token on.</summary>
internal sealed class ReferenceAttention(ModelConfig config, ReferenceTensors tensors)
{
    /// <param name="layer">The layer.</param>
    /// <param name="inputs">[token][hidden]: what attention reads, normalized where the layer does so.</param>
    /// <param name="pass">What is different about this pass.</param>
    /// <returns>
    /// [token][hidden]: the projected output, null where the token does not attend; and the weights, [head][query][key].
    /// </returns>
    public (double[]?[] Outputs, double[][][] Maps) Run(int layer, double[][] inputs, ReferencePass pass)
    {
        int count = inputs.Length;
        int headSize = config.HeadSize;
        int group = config.HeadCount / config.KeyValueHeadCount;
        double[][] queries = [.. inputs.Select(state => tensors.Product(TensorNames.Query(layer), state))];
        double[][] keys = [.. inputs.Select(state => tensors.Product(TensorNames.Key(layer), state))];
        double[][] values = [.. inputs.Select(state => tensors.Product(TensorNames.Value(layer), state))];
        for (int token = 0; token < count; token++)
        {
            int position = pass.Position?.Invoke(token) ?? token;
            Rotate(queries[token], position);
            Rotate(keys[token], position);
        }

        double[][][] maps = new double[config.HeadCount][][];
        double[][] mixed = new double[count][];
        for (int token = 0; token < count; token++)
        {
            mixed[token] = new double[config.HeadCount * headSize];
        }

        for (int head = 0; head < config.HeadCount; head++)
        {
            maps[head] = new double[count][];
            int keyOffset = head / group * headSize;
            for (int query = 0; query < count; query++)
            {
                double[] weights = new double[count];
                maps[head][query] = weights;
                if (!(pass.Attends?.Invoke(layer, query) ?? true))
                {
                    continue;
                }

                for (int key = 0; key < count; key++)
                {
                    bool seen = (pass.Sees?.Invoke(query, key) ?? key <= query) && (pass.HasKeyValue?.Invoke(layer, key) ?? true);
                    double score = 0;
                    for (int index = 0; index < headSize; index++)
                    {
                        score += queries[query][head * headSize + index] * keys[key][keyOffset + index];
                    }

                    score /= Math.Sqrt(headSize);
                    score = pass.Score?.Invoke(layer, head, query, key, score) ?? score;
                    weights[key] = seen ? score : double.NegativeInfinity;
                }

                ReferenceMath.Softmax(weights);
                for (int key = 0; key < count; key++)
                {
                    for (int index = 0; index < headSize; index++)
                    {
                        mixed[query][head * headSize + index] += weights[key] * values[key][keyOffset + index];
                    }
                }
            }
        }

        double[]?[] outputs = new double[count][];
        for (int token = 0; token < count; token++)
        {
            outputs[token] = pass.Attends?.Invoke(layer, token) ?? true ? tensors.Product(TensorNames.AttentionOutput(layer), mixed[token]) : null;
        }

        return (outputs, maps);
    }

    private void Rotate(double[] heads, int position)
    {
        for (int start = 0; start < heads.Length; start += config.HeadSize)
        {
            ReferencePositions.Rotate(heads.AsSpan(start, config.HeadSize), position, config.Rotary!);
        }
    }
}
