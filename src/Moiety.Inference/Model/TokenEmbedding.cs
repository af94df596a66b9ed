using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>
/// The first rows of the residual stream: norm(scale * word [through a projection] + position + token type), each part where the
/// model has it.
/// </summary>
internal sealed unsafe class TokenEmbedding(ModelConfig config, EmbeddingWeights weights)
{
    private readonly int _hidden = config.HiddenSize;

    /// <summary>One worker's part. Ends with a barrier.</summary>
    public void Run(in Worker worker)
    {
        float* residual = worker.Workspace.Residual;
        StepLayout layout = worker.Layout;
        if (weights.Projection is { } projection)
        {
            Project(worker, projection);
            worker.Barrier();
        }

        RowRange tokens = worker.Rows(layout.TokenCount);
        float* scratch = worker.Workspace.Product;
        for (int token = tokens.Start; token < tokens.End; token++)
        {
            Span<float> row = new(residual + (long)token * _hidden, _hidden);
            if (weights.Projection is null)
            {
                Decode(weights.Tokens, layout.Tokens[token], row);
            }

            if (config.EmbeddingScale != 1)
            {
                VectorMath.Scale(config.EmbeddingScale, row, row);
            }

            Span<float> other = new(scratch + (long)token * _hidden, _hidden);
            if (weights.Positions is { } positions)
            {
                Decode(positions, layout.Positions[token] + config.PositionOffset, other);
                VectorMath.Add(row, other, row);
            }

            if (weights.TokenTypes is { } types)
            {
                Decode(types, layout.TokenTypes[token], other);
                VectorMath.Add(row, other, row);
            }

            weights.Norm?.Apply(residual + (long)token * _hidden, residual + (long)token * _hidden);
        }

        worker.Barrier();
    }

    private void Project(in Worker worker, Matrix projection)
    {
        int size = projection.Columns;
        Workspace workspace = worker.Workspace;
        int count = worker.Layout.TokenCount;
        Preparation preparation = worker.Prepare(count);
        float* embedded = preparation.Space.Embedded;
        RowRange rows = preparation.Rows(count);
        for (int token = rows.Start; token < rows.End; token++)
        {
            Decode(weights.Tokens, worker.Layout.Tokens[token], new Span<float>(embedded + (long)token * size, size));
        }

        preparation.Barrier();
        Activations activations = preparation.Space.EmbeddedActivations!;
        preparation.Convert(activations, embedded, count, size, projection.Format.Activations);
        preparation.Barrier();
        RowRange columns = worker.Columns(_hidden);
        MatrixProduct.MultiplyRows(projection, activations.Buffer, columns.Start, columns.End, workspace.Residual, _hidden);
    }

    private static void Decode(Matrix matrix, int row, Span<float> values) =>
        matrix.Format.Dequantize(new ReadOnlySpan<byte>(matrix.Data + row * matrix.RowBytes, (int)matrix.RowBytes), values);
}
