using Moiety.Models.Configuration;
using Moiety.Numerics.Kernels;

namespace Moiety.Inference.Model;

/// <summary>
/// Rotary position embedding (RoFormer, arXiv 2104.09864): turns pair i of a head by position * theta^(-2i / head size).
/// The angles of a step's tokens are computed once and serve all layers and heads.
/// </summary>
internal sealed unsafe class RotaryEmbedding : IDisposable
{
    private readonly double[] _frequencies;
    private readonly bool _interleaved;
    private readonly ScratchBuffer<float> _cosines = new();
    private readonly ScratchBuffer<float> _sines = new();

    public RotaryEmbedding(RotaryConfig config, int headSize)
    {
        _interleaved = config.Interleaved;
        _frequencies = new double[headSize / 2];
        for (int pair = 0; pair < _frequencies.Length; pair++)
        {
            _frequencies[pair] = Math.Pow(config.Theta, -2.0 * pair / headSize);
        }
    }

    /// <summary>Makes room for the angles of a step.</summary>
    public void Ensure(int tokens)
    {
        _cosines.Ensure((long)tokens * _frequencies.Length);
        _sines.Ensure((long)tokens * _frequencies.Length);
    }

    /// <summary>Computes the angles of a token.</summary>
    /// <param name="token">Index of the token in the batch.</param>
    /// <param name="position">Its position id.</param>
    public void SetPosition(int token, int position)
    {
        long offset = (long)token * _frequencies.Length;
        for (int pair = 0; pair < _frequencies.Length; pair++)
        {
            (double sine, double cosine) = Math.SinCos(position * _frequencies[pair]);
            _cosines.Data[offset + pair] = (float)cosine;
            _sines.Data[offset + pair] = (float)sine;
        }
    }

    /// <summary>Turns one head of a token in place.</summary>
    public void Rotate(int token, float* head)
    {
        int half = _frequencies.Length;
        Span<float> values = new(head, 2 * half);
        ReadOnlySpan<float> cosines = new(_cosines.Data + (long)token * half, half);
        ReadOnlySpan<float> sines = new(_sines.Data + (long)token * half, half);
        if (_interleaved)
        {
            Rotary.RotatePairs(values, cosines, sines);
        }
        else
        {
            Rotary.RotateHalves(values, cosines, sines);
        }
    }

    public void Dispose()
    {
        _cosines.Dispose();
        _sines.Dispose();
    }
}
