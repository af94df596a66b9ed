using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics;

namespace Moiety.Testing;

/// <summary>
/// The slow, obvious forward pass: double precision, plain loops, everything computed anew from the first token. The oracle
/// of every fast path.
/// </summary>
public sealed class ReferenceDecoder
{
    private readonly Checkpoint _checkpoint;
    private readonly ModelConfig _config;
    private readonly Dictionary<string, double[][]> _tensors = [];

    public ReferenceDecoder(Checkpoint checkpoint)
    {
        _checkpoint = checkpoint;
        _config = checkpoint.Config;
    }

    /// <summary>Runs a whole sequence.</summary>
    public ReferenceOutput Forward(ReadOnlySpan<int> tokens, ReferencePass? pass = null)
    {
        pass ??= new ReferencePass();
        double[][] embedding = Tensor(TensorNames.Embedding);
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

        double[] finalNorm = Tensor(TensorNames.FinalNorm)[0];
        double[][] final = [.. states.Select(state => Normalize(state, finalNorm))];
        hidden.Add(final);
        double[][] head = _config.TieWordEmbeddings ? embedding : Tensor(TensorNames.Head);
        return new ReferenceOutput
        {
            Logits = [.. final.Select(state => Product(head, state))],
            HiddenStates = [.. hidden],
            Attention = attention,
            Experts = experts,
            ExpertWeights = expertWeights,
        };
    }

    private double[][][] Attend(int layer, double[][] states, ReferencePass pass)
    {
        int count = states.Length;
        int headSize = _config.HeadSize;
        int group = _config.HeadCount / _config.KeyValueHeadCount;
        double[] norm = Tensor(TensorNames.AttentionNorm(layer))[0];
        double[][] normed = [.. states.Select(state => Normalize(state, norm))];
        double[][] queries = [.. normed.Select(state => Product(Tensor(TensorNames.Query(layer)), state))];
        double[][] keys = [.. normed.Select(state => Product(Tensor(TensorNames.Key(layer)), state))];
        double[][] values = [.. normed.Select(state => Product(Tensor(TensorNames.Value(layer)), state))];
        for (int token = 0; token < count; token++)
        {
            int position = pass.Position?.Invoke(token) ?? token;
            Rotate(queries[token], position);
            Rotate(keys[token], position);
        }

        double[][] output = Tensor(TensorNames.AttentionOutput(layer));
        double[][][] maps = new double[_config.HeadCount][][];
        double[][] mixed = new double[count][];
        for (int token = 0; token < count; token++)
        {
            mixed[token] = new double[_config.HeadCount * headSize];
        }

        for (int head = 0; head < _config.HeadCount; head++)
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

                Softmax(weights);
                for (int key = 0; key < count; key++)
                {
                    for (int index = 0; index < headSize; index++)
                    {
                        mixed[query][head * headSize + index] += weights[key] * values[key][keyOffset + index];
                    }
                }
            }
        }

        for (int token = 0; token < count; token++)
        {
            if (pass.Attends?.Invoke(layer, token) ?? true)
            {
                Add(states[token], Product(output, mixed[token]), 1);
            }
        }

        return maps;
    }

    private (int[][] Experts, double[][] Weights) FeedForward(int layer, double[][] states, ReferencePass pass)
    {
        FeedForwardConfig config = _config.FeedForwards[layer];
        double[] norm = Tensor(TensorNames.FeedForwardNorm(layer))[0];
        int[][] experts = new int[states.Length][];
        double[][] weights = new double[states.Length][];
        for (int token = 0; token < states.Length; token++)
        {
            experts[token] = [];
            weights[token] = [];
            if (!(pass.FeedsForward?.Invoke(layer, token) ?? true))
            {
                continue;
            }

            double[] state = Normalize(states[token], norm);
            if (config.Moe is not { } moe)
            {
                Add(states[token], Gated(TensorNames.Gate(layer), TensorNames.Up(layer), TensorNames.Down(layer), state), 1);
                continue;
            }

            double[] probabilities = Product(Tensor(TensorNames.Router(layer)), state);
            Softmax(probabilities);
            experts[token] = [.. Enumerable.Range(0, moe.ExpertCount).OrderByDescending(expert => probabilities[expert]).ThenBy(expert => expert).Take(moe.TopK)];
            weights[token] = [.. experts[token].Select(expert => probabilities[expert])];
            if (moe.NormalizeTopK)
            {
                double sum = weights[token].Sum();
                weights[token] = [.. weights[token].Select(weight => weight / sum)];
            }

            double[] coefficients = [1, 0];
            if (moe.Residual)
            {
                coefficients = Product(Tensor(TensorNames.Coefficient(layer)), state);
                Add(coefficients, Tensor(TensorNames.CoefficientBias(layer))[0], 1);
                Softmax(coefficients);
                Add(states[token], Gated(TensorNames.ResidualGate(layer), TensorNames.ResidualUp(layer), TensorNames.ResidualDown(layer), state), coefficients[1]);
            }

            for (int choice = 0; choice < moe.TopK; choice++)
            {
                int expert = experts[token][choice];
                double[] result = Gated(TensorNames.ExpertGate(layer, expert), TensorNames.ExpertUp(layer, expert), TensorNames.ExpertDown(layer, expert), state);
                Add(states[token], result, coefficients[0] * weights[token][choice]);
            }
        }

        return (experts, weights);
    }

    private double[] Gated(string gateName, string upName, string downName, double[] state)
    {
        double[] gate = Product(Tensor(gateName), state);
        double[] up = Product(Tensor(upName), state);
        for (int index = 0; index < gate.Length; index++)
        {
            gate[index] = gate[index] / (1 + Math.Exp(-gate[index])) * up[index];
        }

        return Product(Tensor(downName), gate);
    }

    private void Rotate(double[] heads, int position)
    {
        int half = _config.HeadSize / 2;
        for (int start = 0; start < heads.Length; start += _config.HeadSize)
        {
            for (int pair = 0; pair < half; pair++)
            {
                double angle = position * Math.Pow(_config.Rotary!.Theta, -(double)pair / half);
                int first = start + (_config.Rotary!.Interleaved ? 2 * pair : pair);
                int second = start + (_config.Rotary!.Interleaved ? 2 * pair + 1 : pair + half);
                (double x, double y) = (heads[first], heads[second]);
                heads[first] = x * Math.Cos(angle) - y * Math.Sin(angle);
                heads[second] = x * Math.Sin(angle) + y * Math.Cos(angle);
            }
        }
    }

    private double[] Normalize(double[] state, double[] weight)
    {
        double scale = 1 / Math.Sqrt(state.Sum(value => value * value) / state.Length + _config.NormEpsilon);
        return [.. state.Select((value, index) => value * scale * weight[index])];
    }

    private unsafe double[][] Tensor(string name)
    {
        if (!_tensors.TryGetValue(name, out double[][]? rows))
        {
            Matrix matrix = _checkpoint.GetTensor(name);
            rows = new double[matrix.Rows][];
            float[] row = new float[matrix.Columns];
            for (int index = 0; index < matrix.Rows; index++)
            {
                matrix.Format.Dequantize(new ReadOnlySpan<byte>(matrix.Data + index * matrix.RowBytes, (int)matrix.RowBytes), row);
                rows[index] = [.. row.Select(value => (double)value)];
            }

            _tensors.Add(name, rows);
        }

        return rows;
    }

    private static double[] Product(double[][] matrix, double[] vector)
    {
        double[] result = new double[matrix.Length];
        for (int row = 0; row < matrix.Length; row++)
        {
            double sum = 0;
            for (int column = 0; column < vector.Length; column++)
            {
                sum += matrix[row][column] * vector[column];
            }

            result[row] = sum;
        }

        return result;
    }

    private static void Softmax(double[] values)
    {
        double max = values.Max();
        double sum = 0;
        for (int index = 0; index < values.Length; index++)
        {
            values[index] = double.IsNegativeInfinity(values[index]) ? 0 : Math.Exp(values[index] - max);
            sum += values[index];
        }

        for (int index = 0; index < values.Length && sum > 0; index++)
        {
            values[index] /= sum;
        }
    }

    private static void Add(double[] target, double[] source, double factor)
    {
        for (int index = 0; index < target.Length; index++)
        {
            target[index] += factor * source[index];
        }
    }

    private static double[][] Copy(double[][] rows) => [.. rows.Select(row => (double[])row.Clone())];
}
