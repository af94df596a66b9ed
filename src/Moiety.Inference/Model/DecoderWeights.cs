using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics;

namespace Moiety.Inference.Model;

/// <summary>All tensors of a decoder, found by their canonical names and checked against the configuration.</summary>
internal sealed unsafe class DecoderWeights
{
    private readonly Checkpoint _checkpoint;
    private readonly bool _verify;

    /// <param name="checkpoint">Where the tensors are; they are viewed, not copied (norms and biases are).</param>
    /// <param name="verify">Whether to look for values that are not finite.</param>
    public DecoderWeights(Checkpoint checkpoint, bool verify)
    {
        _checkpoint = checkpoint;
        _verify = verify;
        ModelConfig config = checkpoint.Config;
        Embedding = Find(TensorNames.Embedding, config.VocabularySize, config.HiddenSize);
        FinalNorm = Vector(TensorNames.FinalNorm, config.HiddenSize);
        Head = config.TieWordEmbeddings ? Embedding : Find(TensorNames.Head, config.VocabularySize, config.HiddenSize);
        Layers = new LayerWeights[config.LayerCount];
        for (int layer = 0; layer < Layers.Length; layer++)
        {
            Layers[layer] = Layer(layer, config);
        }
    }

    /// <summary>[vocabulary, hidden].</summary>
    public Matrix Embedding { get; }

    /// <summary>[hidden].</summary>
    public float[] FinalNorm { get; }

    /// <summary>[vocabulary, hidden]; the embedding itself when tied.</summary>
    public Matrix Head { get; }

    public LayerWeights[] Layers { get; }

    private LayerWeights Layer(int layer, ModelConfig config)
    {
        int hidden = config.HiddenSize;
        int queries = config.HeadCount * config.HeadSize;
        int keys = config.KeyValueHeadCount * config.HeadSize;
        FeedForwardConfig feedForward = config.FeedForwards[layer];
        bool residual = feedForward.Moe is { Residual: true };
        GatedWeights? dense = feedForward.Moe is null
            ? Gated(TensorNames.Gate(layer), TensorNames.Up(layer), TensorNames.Down(layer), hidden, feedForward.IntermediateSize)
            : residual
                ? Gated(TensorNames.ResidualGate(layer), TensorNames.ResidualUp(layer), TensorNames.ResidualDown(layer), hidden, feedForward.IntermediateSize)
                : null;
        return new LayerWeights
        {
            AttentionNorm = Vector(TensorNames.AttentionNorm(layer), hidden),
            Query = Find(TensorNames.Query(layer), queries, hidden),
            Key = Find(TensorNames.Key(layer), keys, hidden),
            Value = Find(TensorNames.Value(layer), keys, hidden),
            Output = Find(TensorNames.AttentionOutput(layer), hidden, queries),
            FeedForwardNorm = Vector(TensorNames.FeedForwardNorm(layer), hidden),
            Dense = dense,
            Moe = feedForward.Moe is { } moe ? Experts(layer, hidden, moe) : null,
        };
    }

    private MoeWeights Experts(int layer, int hidden, MoeConfig config)
    {
        Matrix[] gates = new Matrix[config.ExpertCount];
        Matrix[] ups = new Matrix[config.ExpertCount];
        Matrix[] downs = new Matrix[config.ExpertCount];
        for (int expert = 0; expert < config.ExpertCount; expert++)
        {
            (gates[expert], ups[expert], downs[expert]) = Gated(
                TensorNames.ExpertGate(layer, expert), TensorNames.ExpertUp(layer, expert), TensorNames.ExpertDown(layer, expert),
                hidden, config.ExpertIntermediateSize);
        }

        return new MoeWeights
        {
            Config = config,
            Router = Find(TensorNames.Router(layer), config.ExpertCount, hidden),
            Gates = gates,
            Ups = ups,
            Downs = downs,
            Coefficient = config.Residual ? Find(TensorNames.Coefficient(layer), 2, hidden) : null,
            CoefficientBias = config.Residual ? Vector(TensorNames.CoefficientBias(layer), 2) : [],
        };
    }

    private GatedWeights Gated(string gate, string up, string down, int hidden, int inner) =>
        new(Find(gate, inner, hidden), Find(up, inner, hidden), Find(down, hidden, inner));

    private float[] Vector(string name, int length)
    {
        Matrix matrix = _checkpoint.GetTensor(name);
        if ((long)matrix.Rows * matrix.Columns != length || matrix.Rows != 1 && matrix.Columns != 1)
        {
            throw WrongShape(name, matrix, $"[{length}]");
        }

        float[] values = new float[length];
        for (int row = 0; row < matrix.Rows; row++)
        {
            Decode(matrix, row, values.AsSpan(row * matrix.Columns, matrix.Columns));
        }

        RequireFinite(name, values, 0);
        return values;
    }

    private Matrix Find(string name, int rows, int columns)
    {
        Matrix matrix = _checkpoint.GetTensor(name);
        if (matrix.Rows != rows || matrix.Columns != columns)
        {
            throw WrongShape(name, matrix, $"[{rows}, {columns}]");
        }

        if (_verify)
        {
            float[] values = new float[columns];
            for (int row = 0; row < rows; row++)
            {
                Decode(matrix, row, values);
                RequireFinite(name, values, row);
            }
        }

        return matrix;
    }

    private void RequireFinite(string name, ReadOnlySpan<float> values, int row)
    {
        for (int column = 0; column < values.Length; column++)
        {
            if (!float.IsFinite(values[column]))
            {
                throw new InvalidCheckpointException(
                    _checkpoint.Path, name,
                    $"the value at [{row}, {column}] is {values[column]}. The weights are damaged, or training diverged: use another checkpoint.");
            }
        }
    }

    private InvalidCheckpointException WrongShape(string name, Matrix matrix, string expected) => new(
        _checkpoint.Path, name,
        $"the tensor has the shape [{matrix.Rows}, {matrix.Columns}], the configuration asks for {expected}. The configuration belongs to another model, or the tensor is damaged.");

    private static void Decode(Matrix matrix, int row, Span<float> values) =>
        matrix.Format.Dequantize(new ReadOnlySpan<byte>(matrix.Data + row * matrix.RowBytes, (int)matrix.RowBytes), values);
}
