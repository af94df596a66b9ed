using Moiety.Models.Configuration;
using Moiety.Training.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>
/// Rotary positions (arXiv 2104.09864): element pairs of a head turn by position * theta^(-2i/d). Pairs are (i, i + d/2) as in
/// Hugging Face checkpoints, or neighbors (2i, 2i + 1) as in GGUF Llama files.
/// </summary>
internal sealed class RotaryTable : IDisposable
{
    private readonly bool _interleaved;
    private readonly bool _usesKernel;
    private readonly int _dimensions;
    private readonly Tensor _cosine;
    private readonly Tensor _sine;

    /// <summary>Computes the table for positions 0 to <paramref name="length"/> - 1.</summary>
    /// <param name="config">How positions turn.</param>
    /// <param name="headSize">Elements of a head.</param>
    /// <param name="length">Positions.</param>
    /// <param name="device">Where the heads are.</param>
    internal RotaryTable(RotaryConfig config, int headSize, int length, TrainingDevice device)
    {
        _interleaved = config.Interleaved;
        _usesKernel = device.UsesKernels;
        _dimensions = config.Dimensions ?? headSize;
        int half = _dimensions / 2;
        double[] frequencies = RotaryFrequencies.Of(config, _dimensions, length);
        double magnitude = RotaryFrequencies.Magnitude(config.Scaling);
        float[] cosine = new float[length * half];
        float[] sine = new float[length * half];
        for (int position = 0; position < length; position++)
        {
            for (int i = 0; i < half; i++)
            {
                (double s, double c) = Math.SinCos(position * frequencies[i]);
                sine[(position * half) + i] = (float)(magnitude * s);
                cosine[(position * half) + i] = (float)(magnitude * c);
            }
        }

        using DisposeScope scope = NewDisposeScope();
        _cosine = tensor(cosine, device: device.Device).view(length, half).DetachFromDisposeScope();
        _sine = tensor(sine, device: device.Device).view(length, half).DetachFromDisposeScope();
    }

    /// <summary>Turns the leading heads of every position and copies the others; of a head, the leading elements that are rotated.</summary>
    /// <param name="heads">[batch, length, heads, head size], contiguous.</param>
    /// <param name="rotated">Number of leading heads that are turned.</param>
    /// <returns>The same shape and type.</returns>
    internal Tensor Rotate(Tensor heads, int rotated)
    {
        if (_dimensions < heads.shape[3])
        {
            Tensor turned = RotateWhole(heads.narrow(3, 0, _dimensions).contiguous(), rotated);
            return cat([turned, heads.narrow(3, _dimensions, heads.shape[3] - _dimensions)], 3);
        }

        return RotateWhole(heads, rotated);
    }

    private Tensor RotateWhole(Tensor heads, int rotated)
    {
        if (!_interleaved)
        {
            return TurnHalves(heads, rotated);
        }

        long half = heads.shape[3] / 2;
        Tensor apart = heads.unflatten(3, half, 2).transpose(3, 4).flatten(3).contiguous();
        return TurnHalves(apart, rotated).unflatten(3, 2, half).transpose(3, 4).flatten(3);
    }

    private Tensor TurnHalves(Tensor heads, int rotated) => _usesKernel
        ? RotaryFunction.Apply(heads, _cosine, _sine, rotated)
        : RotaryFunction.ByOperations(heads, _cosine, _sine, rotated);

    /// <inheritdoc/>
    public void Dispose()
    {
        _cosine.Dispose();
        _sine.Dispose();
    }
}
