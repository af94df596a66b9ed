using System.Numerics.Tensors;
using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>
/// What some encoders have after their first layer: x = norm(x + activation(Σ W_j · e[t + j] + b)), where e is the embedding of the
/// text's tokens. See <see cref="ConvolutionConfig"/>.
/// </summary>
internal sealed unsafe class EmbeddingConvolution
{
    // So many rows of a tap stay in a core's second-level cache while all tokens meet them.
    private const int ColumnsAtOnce = 32;

    private readonly ConvolutionConfig _config;
    private readonly int _hidden;
    private readonly AlignedBuffer _taps;
    private readonly float[] _bias;
    private readonly Norm _norm;

    private EmbeddingConvolution(ConvolutionConfig config, int hidden, AlignedBuffer taps, float[] bias, Norm norm)
    {
        _config = config;
        _hidden = hidden;
        _taps = taps;
        _bias = bias;
        _norm = norm;
    }

    /// <summary>Finds the tensors; null when the model has no convolution.</summary>
    public static EmbeddingConvolution? Read(WeightReader reader)
    {
        if (reader.Config.Convolution is not { } config)
        {
            return null;
        }

        int hidden = reader.Config.HiddenSize;
        Matrix stored = reader.Matrix(TensorNames.Convolution, hidden * hidden, config.KernelSize);

        // Files have the taps of an element side by side; products want the rows of one tap together.
        AlignedBuffer taps = new(checked((long)config.KernelSize * stored.Rows * sizeof(float)));
        float[] element = new float[config.KernelSize];
        for (int row = 0; row < stored.Rows; row++)
        {
            stored.Format.Dequantize(new ReadOnlySpan<byte>(stored.Data + row * stored.RowBytes, (int)stored.RowBytes), element);
            for (int tap = 0; tap < element.Length; tap++)
            {
                taps.As<float>()[(long)tap * stored.Rows + row] = element[tap];
            }
        }

        return new EmbeddingConvolution(
            config, hidden, taps, reader.Vector(TensorNames.ConvolutionBias, hidden), reader.Norm(TensorNames.ConvolutionNorm, TensorNames.ConvolutionNormBias));
    }

    /// <summary>Keeps the embedding, before the first layer. Ends with a barrier.</summary>
    public void Keep(in Worker worker)
    {
        RowRange tokens = worker.Rows(worker.Layout.TokenCount);
        long offset = (long)tokens.Start * _hidden;
        new ReadOnlySpan<float>(worker.Workspace.Residual + offset, tokens.Count * _hidden)
            .CopyTo(new Span<float>(worker.Workspace.KeptEmbedding + offset, tokens.Count * _hidden));
        worker.Barrier();
    }

    /// <summary>Joins the residual stream, after the first layer. Ends with a barrier.</summary>
    public void Join(in Worker worker)
    {
        Workspace workspace = worker.Workspace;
        StepLayout layout = worker.Layout;
        RowRange columns = worker.Columns(_hidden);
        float* products = stackalloc float[ColumnsAtOnce];
        for (int start = columns.Start; start < columns.End; start += ColumnsAtOnce)
        {
            int count = Math.Min(ColumnsAtOnce, columns.End - start);
            for (int token = 0; token < layout.TokenCount; token++)
            {
                Convolve(workspace, layout, token, start, count, products);
            }
        }

        worker.Barrier();
        RowRange tokens = worker.Rows(layout.TokenCount);
        for (int token = tokens.Start; token < tokens.End; token++)
        {
            float* residual = workspace.Residual + (long)token * _hidden;
            Span<float> convolved = new(workspace.Product + (long)token * _hidden, _hidden);
            if (_config.Activation == EncoderActivation.Gelu)
            {
                Gelu.Apply(convolved, convolved);
            }
            else
            {
                TensorPrimitives.Tanh(convolved, convolved);
            }

            Span<float> sum = new(residual, _hidden);
            VectorMath.Add(sum, convolved, sum);
            _norm.Apply(residual, residual);
        }

        worker.Barrier();
    }

    /// <summary>Some elements of a token: b + Σ W_j · e[t + j], over the tokens of its text.</summary>
    private void Convolve(Workspace workspace, StepLayout layout, int token, int start, int count, float* products)
    {
        ref readonly SliceState slice = ref layout.SliceOf(token);
        Span<float> sum = new(workspace.Product + (long)token * _hidden + start, count);
        _bias.AsSpan(start, count).CopyTo(sum);
        for (int tap = 0; tap < _config.KernelSize; tap++)
        {
            int neighbor = token + tap - _config.KernelSize / 2;
            if (neighbor >= slice.Start && neighbor < slice.Start + slice.Count)
            {
                byte* rows = (byte*)(_taps.As<float>() + ((long)tap * _hidden + start) * _hidden);
                Attention.Scores(StorageFormats.F32, workspace.KeptEmbedding + (long)neighbor * _hidden, rows, _hidden * sizeof(float), count, _hidden, 1, products);
                VectorMath.Add(sum, new ReadOnlySpan<float>(products, count), sum);
            }
        }
    }
}
