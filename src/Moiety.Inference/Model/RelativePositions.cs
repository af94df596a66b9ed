using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Kernels;

namespace Moiety.Inference.Model;

/// <summary>What the scores of every layer gain by distance; nothing in most models.</summary>
internal sealed unsafe class RelativePositions
{
    private readonly RelativeScores?[] _layers;

    private RelativePositions(RelativeScores?[] layers) => _layers = layers;

    /// <summary>Whether attention asks keys for their positions.</summary>
    public static bool AreUsed(AttentionConfig config) => config.RelativeBias is not null || config.Disentangled is not null;

    /// <summary>Finds the tensors and prepares their tables.</summary>
    /// <param name="reader">The tensors.</param>
    /// <param name="contextLength">Longest sequence that the engine takes.</param>
    public static RelativePositions Read(WeightReader reader, int contextLength)
    {
        ModelConfig config = reader.Config;
        RelativeScores?[] layers = new RelativeScores?[config.LayerCount];
        if (config.Attention.RelativeBias is { } bias)
        {
            float[] biases = Decode(reader.Matrix(TensorNames.RelativeBias, bias.BucketCount, config.HeadCount));
            Array.Fill(layers, new BucketBias(bias, biases, config.HeadCount, contextLength));
        }
        else if (config.Attention.Disentangled is { } disentangled)
        {
            DistanceTable rows = DistanceTable.For(disentangled, contextLength);
            using AlignedBuffer embedding = ReadEmbedding(reader, disentangled);
            for (int layer = 0; layer < layers.Length; layer++)
            {
                layers[layer] = new DisentangledScores(config, rows, embedding, RelativeProjections.Read(reader, disentangled, layer));
            }
        }

        return new RelativePositions(layers);
    }

    /// <summary>A layer's, or null.</summary>
    public RelativeScores? Of(int layer) => _layers[layer];

    private static AlignedBuffer ReadEmbedding(WeightReader reader, DisentangledAttentionConfig config)
    {
        int hidden = reader.Config.HiddenSize;
        int count = 2 * config.Span;
        float[] values = Decode(reader.Matrix(TensorNames.RelativeEmbedding, count, hidden));
        if (config.Norm)
        {
            float[] weight = reader.Vector(TensorNames.RelativeEmbeddingNorm, hidden);
            float[] bias = reader.Vector(TensorNames.RelativeEmbeddingNormBias, hidden);
            for (int row = 0; row < count; row++)
            {
                Span<float> normed = values.AsSpan(row * hidden, hidden);
                LayerNorm.Apply(normed, weight, bias, reader.Config.NormEpsilon, normed);
            }
        }

        AlignedBuffer embedding = new((long)values.Length * sizeof(float));
        values.CopyTo(new Span<float>(embedding.As<float>(), values.Length));
        return embedding;
    }

    private static float[] Decode(Matrix matrix)
    {
        float[] values = new float[checked(matrix.Rows * matrix.Columns)];
        for (int row = 0; row < matrix.Rows; row++)
        {
            matrix.Format.Dequantize(
                new ReadOnlySpan<byte>(matrix.Data + row * matrix.RowBytes, checked((int)matrix.RowBytes)), values.AsSpan(row * matrix.Columns, matrix.Columns));
        }

        return values;
    }
}
