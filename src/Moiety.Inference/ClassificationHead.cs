using System.Numerics.Tensors;
using Moiety.Inference.Model;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Kernels;

namespace Moiety.Inference;

/// <summary>
/// What follows an encoder that sorts texts into classes: logits = W2 · activation(W1 · h + b1) + b2, with h the last hidden state of the
/// first token. Computed in single precision whatever the weights' format; it is a thousandth of the work. The checkpoint must stay
/// open as long as the head.
/// </summary>
public sealed unsafe class ClassificationHead
{
    private readonly Matrix _dense;
    private readonly float[] _denseBias;
    private readonly Matrix _output;
    private readonly float[] _outputBias;

    /// <summary>Finds the tensors.</summary>
    /// <exception cref="InvalidInputException">The model has no such head, or a tensor is missing or misshapen.</exception>
    public ClassificationHead(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        Config = checkpoint.Config.Classifier
            ?? throw new InvalidInputException($"{checkpoint.Path}: the model sorts nothing into classes: it has no classification head.");
        int hidden = checkpoint.Config.HiddenSize;
        WeightReader reader = new(checkpoint, verify: false);
        _dense = reader.PreciseMatrix(TensorNames.ClassifierDense, hidden, hidden);
        _denseBias = reader.Vector(TensorNames.ClassifierDenseBias, hidden);
        _output = reader.PreciseMatrix(TensorNames.ClassifierOutput, Config.Labels.Length, hidden);
        _outputBias = reader.Vector(TensorNames.ClassifierOutputBias, Config.Labels.Length);
    }

    /// <summary>The classes, and what the logits mean.</summary>
    public ClassifierConfig Config { get; }

    /// <summary>Computes the logits of one text.</summary>
    /// <param name="state">The last hidden state of the first token, [hidden].</param>
    /// <returns>One logit for each label.</returns>
    public float[] Run(ReadOnlySpan<float> state)
    {
        float[] pooled = Multiply(_dense, _denseBias, state);
        switch (Config.Activation)
        {
            case EncoderActivation.Gelu:
                Gelu.Apply(pooled, pooled);
                break;
            case EncoderActivation.Relu:
                Relu.Apply(pooled, pooled);
                break;
            default:
                TensorPrimitives.Tanh(pooled, pooled);
                break;
        }

        return Multiply(_output, _outputBias, pooled);
    }

    private static float[] Multiply(Matrix matrix, float[] bias, ReadOnlySpan<float> input)
    {
        // The kernel of attention scores adds up in the same order wherever its operands lie.
        float[] output = new float[matrix.Rows];
        fixed (float* vector = input, products = output)
        {
            Attention.Scores(matrix.Format, vector, matrix.Data, matrix.RowBytes, matrix.Rows, matrix.Columns, 1, products);
        }

        TensorPrimitives.Add(output, bias, output);
        return output;
    }
}
