using Moiety.Models.Configuration;
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
    private readonly Tensor _cosine;
    private readonly Tensor _sine;

    /// <summary>Computes the table for positions 0 to <paramref name="length"/> - 1.</summary>
    internal RotaryTable(RotaryConfig config, int headSize, int length)
    {
        _interleaved = config.Interleaved;
        int half = headSize / 2;
        float[] cosine = new float[length * half];
        float[] sine = new float[length * half];
        for (int position = 0; position < length; position++)
        {
            for (int i = 0; i < half; i++)
            {
                (double s, double c) = Math.SinCos(position * Math.Pow(config.Theta, -2.0 * i / headSize));
                sine[(position * half) + i] = (float)s;
                cosine[(position * half) + i] = (float)c;
            }
        }

        using DisposeScope scope = NewDisposeScope();
        _cosine = tensor(cosine).view(length, 1, half).DetachFromDisposeScope();
        _sine = tensor(sine).view(length, 1, half).DetachFromDisposeScope();
    }

    /// <summary>Turns every head of every position.</summary>
    /// <param name="heads">[batch, length, heads, head size].</param>
    /// <returns>The same shape and type.</returns>
    internal Tensor Rotate(Tensor heads)
    {
        long length = heads.shape[1];
        long half = heads.shape[3] / 2;
        Tensor cosine = _cosine.narrow(0, 0, length);
        Tensor sine = _sine.narrow(0, 0, length);
        Tensor pairs = _interleaved ? heads.unflatten(3, half, 2).transpose(3, 4).flatten(3) : heads;
        Tensor[] parts = pairs.chunk(2, 3);
        Tensor turned = cat([(parts[0] * cosine) - (parts[1] * sine), (parts[1] * cosine) + (parts[0] * sine)], 3);
        Tensor result = _interleaved ? turned.unflatten(3, 2, half).transpose(3, 4).flatten(3) : turned;
        return result.to(heads.dtype);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cosine.Dispose();
        _sine.Dispose();
    }
}
