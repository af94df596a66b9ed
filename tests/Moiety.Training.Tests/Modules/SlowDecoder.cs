using Moiety.Models.Configuration;

namespace Moiety.Training.Tests.Modules;

/// <summary>
/// The decoder as the papers state it, in double, a loop per formula: the reference for the fast one. Experts are evaluated
/// token by token, nothing is dropped.
/// </summary>
internal sealed class SlowDecoder(ModelConfig config, Func<string, double[]> parameter)
{
    internal double[][] Logits(int[] tokens)
    {
        double[] embedding = parameter(TensorNames.Embedding);
        double[][] x = [.. tokens.Select(token => embedding.AsSpan(token * config.HiddenSize, config.HiddenSize).ToArray())];
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            double[][] attended = Attend(x.Select(row => Norm(row, TensorNames.AttentionNorm(layer))).ToArray(), layer);
            x = [.. x.Zip(attended, Add)];
            x = [.. x.Select(row => Add(row, FeedForward(Norm(row, TensorNames.FeedForwardNorm(layer)), layer)))];
        }

        string head = config.TieWordEmbeddings ? TensorNames.Embedding : TensorNames.Head;
        return [.. x.Select(row => Multiply(head, Norm(row, TensorNames.FinalNorm)))];
    }

    private double[] FeedForward(double[] x, int layer)
    {
        FeedForwardConfig feedForward = config.FeedForwards[layer];
        if (feedForward.Moe is not { } moe)
        {
            return SwiGlu(x, TensorNames.Gate(layer), TensorNames.Up(layer), TensorNames.Down(layer));
        }

        double[] probabilities = Softmax(Multiply(TensorNames.Router(layer), x));
        int[] chosen = [.. Enumerable.Range(0, moe.ExpertCount).OrderByDescending(expert => probabilities[expert]).ThenBy(expert => expert).Take(moe.TopK)];
        double sum = moe.NormalizeTopK ? chosen.Sum(expert => probabilities[expert]) : 1;
        double[] routed = new double[config.HiddenSize];
        foreach (int expert in chosen)
        {
            double[] y = SwiGlu(x, TensorNames.ExpertGate(layer, expert), TensorNames.ExpertUp(layer, expert), TensorNames.ExpertDown(layer, expert));
            routed = Add(routed, Scale(y, probabilities[expert] / sum));
        }

        if (!moe.Residual)
        {
            return routed;
        }

        double[] mix = Softmax(Add(Multiply(TensorNames.Coefficient(layer), x), parameter(TensorNames.CoefficientBias(layer))));
        double[] fixedBranch = SwiGlu(x, TensorNames.ResidualGate(layer), TensorNames.ResidualUp(layer), TensorNames.ResidualDown(layer));
        return Add(Scale(routed, mix[0]), Scale(fixedBranch, mix[1]));
    }

    private double[][] Attend(double[][] x, int layer)
    {
        int d = config.HeadSize;
        double[][] queries = [.. x.Select((row, position) => Rotate(Multiply(TensorNames.Query(layer), row), position))];
        double[][] keys = [.. x.Select((row, position) => Rotate(Multiply(TensorNames.Key(layer), row), position))];
        double[][] values = [.. x.Select(row => Multiply(TensorNames.Value(layer), row))];
        double[][] result = new double[x.Length][];
        for (int position = 0; position < x.Length; position++)
        {
            double[] mixed = new double[config.HeadCount * d];
            for (int head = 0; head < config.HeadCount; head++)
            {
                int group = head / (config.HeadCount / config.KeyValueHeadCount);
                double[] scores = new double[position + 1];
                for (int other = 0; other <= position; other++)
                {
                    for (int i = 0; i < d; i++)
                    {
                        scores[other] += queries[position][(head * d) + i] * keys[other][(group * d) + i] / Math.Sqrt(d);
                    }
                }

                double[] weights = Softmax(scores);
                for (int other = 0; other <= position; other++)
                {
                    for (int i = 0; i < d; i++)
                    {
                        mixed[(head * d) + i] += weights[other] * values[other][(group * d) + i];
                    }
                }
            }

            result[position] = Multiply(TensorNames.AttentionOutput(layer), mixed);
        }

        return result;
    }

    private double[] Rotate(double[] heads, int position)
    {
        double[] result = new double[heads.Length];
        int d = config.HeadSize;
        for (int start = 0; start < heads.Length; start += d)
        {
            for (int i = 0; i < d / 2; i++)
            {
                (int a, int b) = config.Rotary.Interleaved ? (start + (2 * i), start + (2 * i) + 1) : (start + i, start + i + (d / 2));
                (double sine, double cosine) = Math.SinCos(position * Math.Pow(config.Rotary.Theta, -2.0 * i / d));
                result[a] = (heads[a] * cosine) - (heads[b] * sine);
                result[b] = (heads[a] * sine) + (heads[b] * cosine);
            }
        }

        return result;
    }

    private double[] SwiGlu(double[] x, string gate, string up, string down)
    {
        double[] g = Multiply(gate, x);
        double[] u = Multiply(up, x);
        return Multiply(down, [.. g.Zip(u, (a, b) => a / (1 + Math.Exp(-a)) * b)]);
    }

    private double[] Norm(double[] x, string gain)
    {
        double scale = 1 / Math.Sqrt(x.Average(value => value * value) + config.NormEpsilon);
        return [.. x.Zip(parameter(gain), (value, g) => value * scale * g)];
    }

    private double[] Multiply(string weight, double[] x)
    {
        double[] w = parameter(weight);
        double[] y = new double[w.Length / x.Length];
        for (int row = 0; row < y.Length; row++)
        {
            for (int i = 0; i < x.Length; i++)
            {
                y[row] += w[(row * x.Length) + i] * x[i];
            }
        }

        return y;
    }

    private static double[] Softmax(double[] x)
    {
        double max = x.Max();
        double sum = x.Sum(value => Math.Exp(value - max));
        return [.. x.Select(value => Math.Exp(value - max) / sum)];
    }

    private static double[] Add(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];

    private static double[] Scale(double[] a, double factor) => [.. a.Select(x => x * factor)];
}
