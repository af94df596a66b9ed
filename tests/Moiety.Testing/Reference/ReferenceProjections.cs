using Moiety.Models.Configuration;

namespace Moiety.Testing;

/// <summary>Queries, keys and values of one layer, one of each for every token and query head.</summary>
internal sealed class ReferenceProjections(ModelConfig config, ReferenceTensors tensors)
{
    private readonly AttentionConfig _attention = config.Attention;

    /// <summary>[token][query head][element].</summary>
    public double[][][] Queries { get; private set; } = [];

    /// <summary>[token][query head][element].</summary>
    public double[][][] Keys { get; private set; } = [];

    /// <summary>[token][query head][element].</summary>
    public double[][][] Values { get; private set; } = [];

    public void Project(int layer, double[][] inputs, ReferencePass pass)
    {
        Queries = new double[inputs.Length][][];
        Keys = new double[inputs.Length][][];
        Values = new double[inputs.Length][][];
        for (int token = 0; token < inputs.Length; token++)
        {
            int position = pass.Position?.Invoke(token) ?? token;
            RotaryConfig? rotary = config.AttentionOf(layer).Rotary;
            int context = pass.ContextLength ?? config.ContextLength;
            if (_attention.Latent is { } latent)
            {
                Expand(layer, token, inputs[token], latent, head => Rotate(head, position, rotary, context));
            }
            else
            {
                Project(layer, token, inputs[token], head => Rotate(head, position, rotary, context));
            }
        }
    }

    private void Project(int layer, int token, double[] input, Action<Memory<double>> rotate)
    {
        int group = config.HeadCount / config.KeyValueHeadCount;
        double[] query = Biased(TensorNames.Query(layer), TensorNames.QueryBias(layer), input);
        double[] key = Biased(TensorNames.Key(layer), TensorNames.KeyBias(layer), input);
        double[] value = Biased(TensorNames.Value(layer), TensorNames.ValueBias(layer), input);
        if (_attention.QueryKeyNorm != QueryKeyNorm.None)
        {
            Normalize(query, tensors.Vector(TensorNames.QueryNorm(layer)));
            Normalize(key, tensors.Vector(TensorNames.KeyNorm(layer)));
        }

        double clip = _attention.ClipQueryKeyValue > 0 ? _attention.ClipQueryKeyValue : double.PositiveInfinity;
        double[][] Heads(double[] row) => [.. row.Select(element => Math.Clamp(element, -clip, clip)).Chunk(config.HeadSize)];
        Queries[token] = Heads(query);
        double[][] keys = Heads(key);
        double[][] values = Heads(value);
        foreach (double[] head in Queries[token].Concat(keys))
        {
            rotate(head);
        }

        Keys[token] = [.. Enumerable.Range(0, config.HeadCount).Select(head => keys[head / group])];
        Values[token] = [.. Enumerable.Range(0, config.HeadCount).Select(head => values[head / group])];
    }

    /// <summary>Latent attention as it is defined: keys and values of every head are projected up.</summary>
    private void Expand(int layer, int token, double[] input, LatentAttentionConfig latent, Action<Memory<double>> rotate)
    {
        double[] query = input;
        if (latent.QueryRank > 0)
        {
            query = tensors.Product(TensorNames.QueryDown(layer), input);
            NormalizeRms(query, tensors.Vector(TensorNames.QueryDownNorm(layer)));
        }

        Queries[token] = [.. tensors.Product(TensorNames.Query(layer), query).Chunk(config.HeadSize)];
        double[] down = tensors.Product(TensorNames.KeyValueDown(layer), input);
        double[] compressed = down[..latent.KeyValueRank];
        double[] rotated = down[latent.KeyValueRank..];
        NormalizeRms(compressed, tensors.Vector(TensorNames.KeyValueDownNorm(layer)));
        rotate(rotated);
        double[][] up = [.. tensors.Product(TensorNames.KeyValueUp(layer), compressed).Chunk(latent.PlainHeadSize + latent.ValueHeadSize)];
        foreach (double[] head in Queries[token])
        {
            rotate(head.AsMemory(latent.PlainHeadSize));
        }

        Keys[token] = [.. up.Select(head => (double[])[.. head[..latent.PlainHeadSize], .. rotated])];
        Values[token] = [.. up.Select(head => head[latent.PlainHeadSize..])];
    }

    private static void Rotate(Memory<double> head, int position, RotaryConfig? rotary, int context)
    {
        if (rotary is not null)
        {
            ReferencePositions.Rotate(head.Span, position, rotary, context);
        }
    }

    private double[] Biased(string weight, string bias, double[] input)
    {
        double[] result = tensors.Product(weight, input);
        if (_attention.QueryKeyValueBias)
        {
            ReferenceMath.Add(result, tensors.Vector(bias));
        }

        return result;
    }

    private void Normalize(double[] row, double[] weight)
    {
        int size = config.HeadSize;
        for (int start = 0; start < row.Length; start += size)
        {
            switch (_attention.QueryKeyNorm)
            {
                case QueryKeyNorm.PerHead:
                    NormalizeRms(row.AsSpan(start, size), weight);
                    break;
                case QueryKeyNorm.PerHeadLayer:
                    double mean = row[start..(start + size)].Average();
                    double variance = row[start..(start + size)].Average(element => (element - mean) * (element - mean));
                    for (int index = start; index < start + size; index++)
                    {
                        row[index] = (row[index] - mean) / Math.Sqrt(variance + config.NormEpsilon) * weight[index];
                    }

                    break;
            }
        }

        if (_attention.QueryKeyNorm == QueryKeyNorm.Whole)
        {
            NormalizeRms(row, weight);
        }
    }

    private void NormalizeRms(Span<double> row, double[] weight)
    {
        double squares = 0;
        foreach (double element in row)
        {
            squares += element * element;
        }

        double scale = 1 / Math.Sqrt(squares / row.Length + config.NormEpsilon);
        for (int index = 0; index < row.Length; index++)
        {
            row[index] *= scale * weight[index];
        }
    }
}
