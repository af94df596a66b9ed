using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics;

namespace Moiety.Parity.Tests.Models;

/// <summary>
/// The decoder in plain loops and double precision, one sequence, no cache: slow and obvious. It tells which side is
/// wrong when the engine and an oracle differ.
/// </summary>
public sealed unsafe class ReferenceDecoder(Checkpoint checkpoint)
{
    private readonly ModelConfig _config = checkpoint.Config;
    private readonly Dictionary<string, double[][]> _tensors = [];

    /// <summary>Logits after every token: row i predicts token i + 1.</summary>
    public double[][] Logits(ReadOnlySpan<int> tokens)
    {
        double[][] states = new double[tokens.Length][];
        for (int t = 0; t < tokens.Length; t++)
        {
            states[t] = [.. Tensor(TensorNames.Embedding)[tokens[t]]];
        }

        for (int layer = 0; layer < _config.LayerCount; layer++)
        {
            Attention(layer, states);
            foreach (double[] state in states)
            {
                Accumulate(state, FeedForward(layer, Norm(TensorNames.FeedForwardNorm(layer), state)), 1);
            }
        }

        string head = _config.TieWordEmbeddings ? TensorNames.Embedding : TensorNames.Head;
        return [.. states.Select(state => Multiply(head, Norm(TensorNames.FinalNorm, state)))];
    }

    private void Attention(int layer, double[][] states)
    {
        int size = _config.HeadSize;
        int group = _config.HeadCount / _config.KeyValueHeadCount;
        double[][] queries = new double[states.Length][];
        double[][] keys = new double[states.Length][];
        double[][] values = new double[states.Length][];
        for (int t = 0; t < states.Length; t++)
        {
            double[] x = Norm(TensorNames.AttentionNorm(layer), states[t]);
            queries[t] = Rotate(Multiply(TensorNames.Query(layer), x), t);
            keys[t] = Rotate(Multiply(TensorNames.Key(layer), x), t);
            values[t] = Multiply(TensorNames.Value(layer), x);
        }

        for (int t = 0; t < states.Length; t++)
        {
            double[] mixed = new double[_config.HeadCount * size];
            for (int head = 0; head < _config.HeadCount; head++)
            {
                int shared = head / group * size;
                double[] scores = new double[t + 1];
                for (int s = 0; s <= t; s++)
                {
                    for (int i = 0; i < size; i++)
                    {
                        scores[s] += queries[t][(head * size) + i] * keys[s][shared + i] / Math.Sqrt(size);
                    }
                }

                double[] weights = Softmax(scores);
                for (int s = 0; s <= t; s++)
                {
                    for (int i = 0; i < size; i++)
                    {
                        mixed[(head * size) + i] += weights[s] * values[s][shared + i];
                    }
                }
            }

            Accumulate(states[t], Multiply(TensorNames.AttentionOutput(layer), mixed), 1);
        }
    }

    // Pairs (i, i + d/2), or neighbors (2i, 2i + 1) when the configuration says interleaved.
    private double[] Rotate(double[] heads, int position)
    {
        int size = _config.HeadSize;
        double[] rotated = new double[heads.Length];
        for (int start = 0; start < heads.Length; start += size)
        {
            for (int i = 0; i < size / 2; i++)
            {
                double angle = position * Math.Pow(_config.Rotary.Theta, -2.0 * i / size);
                int a = start + (_config.Rotary.Interleaved ? 2 * i : i);
                int b = _config.Rotary.Interleaved ? a + 1 : a + (size / 2);
                rotated[a] = (heads[a] * Math.Cos(angle)) - (heads[b] * Math.Sin(angle));
                rotated[b] = (heads[a] * Math.Sin(angle)) + (heads[b] * Math.Cos(angle));
            }
        }

        return rotated;
    }

    private double[] FeedForward(int layer, double[] x)
    {
        if (_config.FeedForwards[layer].Moe is not { } moe)
        {
            return Gated(TensorNames.Gate(layer), TensorNames.Up(layer), TensorNames.Down(layer), x);
        }

        double[] probabilities = Softmax(Multiply(TensorNames.Router(layer), x));
        int[] chosen = [.. Enumerable.Range(0, moe.ExpertCount).OrderByDescending(expert => probabilities[expert]).Take(moe.TopK)];
        double total = moe.NormalizeTopK ? chosen.Sum(expert => probabilities[expert]) : 1;
        double[] experts = new double[x.Length];
        foreach (int expert in chosen)
        {
            Accumulate(
                experts,
                Gated(TensorNames.ExpertGate(layer, expert), TensorNames.ExpertUp(layer, expert), TensorNames.ExpertDown(layer, expert), x),
                probabilities[expert] / total);
        }

        if (!moe.Residual)
        {
            return experts;
        }

        double[] coefficients = Multiply(TensorNames.Coefficient(layer), x);
        Accumulate(coefficients, Tensor(TensorNames.CoefficientBias(layer))[0], 1);
        coefficients = Softmax(coefficients);
        double[] result = new double[x.Length];
        Accumulate(result, experts, coefficients[0]);
        Accumulate(result, Gated(TensorNames.ResidualGate(layer), TensorNames.ResidualUp(layer), TensorNames.ResidualDown(layer), x), coefficients[1]);
        return result;
    }

    private double[] Gated(string gate, string up, string down, double[] x)
    {
        double[] a = Multiply(gate, x);
        double[] b = Multiply(up, x);
        for (int i = 0; i < a.Length; i++)
        {
            a[i] = a[i] / (1 + Math.Exp(-a[i])) * b[i];
        }

        return Multiply(down, a);
    }

    private double[] Norm(string name, double[] x)
    {
        double scale = 1 / Math.Sqrt((x.Sum(value => value * value) / x.Length) + _config.NormEpsilon);
        double[] weights = Tensor(name)[0];
        return [.. x.Select((value, i) => value * scale * weights[i])];
    }

    private double[] Multiply(string name, double[] x)
    {
        return Array.ConvertAll(Tensor(name), row =>
        {
            double sum = 0;
            for (int i = 0; i < x.Length; i++)
            {
                sum += row[i] * x[i];
            }

            return sum;
        });
    }

    private double[][] Tensor(string name)
    {
        if (!_tensors.TryGetValue(name, out double[][]? rows))
        {
            Matrix matrix = checkpoint.GetTensor(name);
            rows = new double[matrix.Rows][];
            float[] values = new float[matrix.Columns];
            for (int row = 0; row < rows.Length; row++)
            {
                matrix.Format.Dequantize(new ReadOnlySpan<byte>(matrix.Data + (row * matrix.RowBytes), (int)matrix.RowBytes), values);
                rows[row] = Array.ConvertAll(values, value => (double)value);
            }

            _tensors.Add(name, rows);
        }

        return rows;
    }

    private static double[] Softmax(double[] scores)
    {
        double highest = scores.Max();
        double[] weights = [.. scores.Select(score => Math.Exp(score - highest))];
        double total = weights.Sum();
        return [.. weights.Select(weight => weight / total)];
    }

    private static void Accumulate(double[] target, double[] source, double weight)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] += weight * source[i];
        }
    }
}
