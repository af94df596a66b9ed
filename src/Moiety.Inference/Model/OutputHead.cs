using Moiety.Inference.Steps;
using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>The last norm and the logits: cap * tanh(scale * (W x + b) / cap), each part where the model has it.</summary>
internal sealed unsafe class OutputHead
{
    private readonly ModelConfig _config;
    private readonly HeadWeights _weights;
    private readonly BranchInput _input;

    public OutputHead(ModelConfig config, HeadWeights weights, Norm? norm)
    {
        _config = config;
        _weights = weights;
        _input = new BranchInput(norm, config.HiddenSize, (weights.Projection ?? weights.Words).Format.Activations);
    }

    /// <summary>One worker's part: its words of all rows of logits.</summary>
    public void Run(in Worker worker)
    {
        StepResult result = worker.Context.Result;
        int count = result.LogitRowCount;
        if (count == 0)
        {
            return;
        }

        Preparation preparation = _input.Run(worker, result.LogitTokens, count);
        ActivationBuffer input = preparation.Space.NormedActivations.Buffer;
        if (_weights.Projection is { } projection)
        {
            input = Project(worker, preparation, projection, count);
        }

        Matrix matrix = _weights.Words;
        RowRange words = worker.Multiply(matrix, input, result.LogitTokens, result.LogitRow(0));
        if (_weights.Bias.Length > 0 || _config.LogitScale != 1 || _config.LogitSoftCap != 0)
        {
            Finish(result, words, count);
        }
    }

    private ActivationBuffer Project(in Worker worker, in Preparation preparation, Matrix projection, int count)
    {
        int size = projection.Rows;
        RowRange columns = worker.Columns(size);
        float* embedded = worker.Workspace.Embedded;
        MatrixProduct.MultiplyRows(projection, preparation.Space.NormedActivations.Buffer, columns.Start, columns.End, embedded, size);
        worker.Barrier();
        Activations activations = preparation.Space.EmbeddedActivations!;
        preparation.Convert(activations, embedded, count, size, _weights.Words.Format.Activations);
        preparation.Barrier();
        return activations.Buffer;
    }

    private void Finish(StepResult result, RowRange words, int count)
    {
        for (int row = 0; row < count; row++)
        {
            float* logits = result.LogitRow(row);
            Span<float> values = new(logits + words.Start, words.Count);
            Bias.Add(_weights.Bias, words, logits);
            if (_config.LogitScale != 1)
            {
                VectorMath.Scale(_config.LogitScale, values, values);
            }

            if (_config.LogitSoftCap != 0)
            {
                SoftCap.Apply(values, _config.LogitSoftCap);
            }
        }
    }
}
