using Moiety.Models.Configuration;
using Moiety.Numerics.Kernels;

namespace Moiety.Inference.Model;

/// <summary>
/// Rotary position embedding (RoFormer, arXiv 2104.09864): turns each pair of a head by its position times the pair's frequency.
/// The angles of a step's tokens are computed once and serve all layers and heads that turn alike.
/// </summary>
internal sealed unsafe class RotaryEmbedding : IDisposable
{
    private readonly RotaryFrequencies _frequencies;
    private readonly int _pairs;
    private readonly bool _interleaved;
    private readonly ScratchBuffer<float> _cosines = new();
    private readonly ScratchBuffer<float> _sines = new();

    public RotaryEmbedding(RotaryConfig config, int headSize, int contextLength)
    {
        Config = config;
        _interleaved = config.Interleaved;
        _frequencies = new RotaryFrequencies(config, headSize, contextLength);
        _pairs = _frequencies.Values.Length;
    }

    public RotaryConfig Config { get; }

    /// <summary>Makes room for the angles of a step.</summary>
    public void Ensure(int tokens)
    {
        _cosines.Ensure((long)tokens * _pairs);
        _sines.Ensure((long)tokens * _pairs);
    }

    /// <summary>Computes the angles of a token.</summary>
    /// <param name="token">Index of the token in the batch.</param>
    /// <param name="position">Its position id.</param>
    public void SetPosition(int token, int position)
    {
        long offset = (long)token * _pairs;
        ReadOnlySpan<double> frequencies = _frequencies.Values;
        for (int pair = 0; pair < frequencies.Length; pair++)
        {
            (double sine, double cosine) = Math.SinCos(position * frequencies[pair]);
            _cosines.Data[offset + pair] = (float)(_frequencies.Magnitude * cosine);
            _sines.Data[offset + pair] = (float)(_frequencies.Magnitude * sine);
        }
    }

    /// <summary>Turns one head of a token in place; what lies behind the rotated elements stays.</summary>
    public void Rotate(int token, float* head)
    {
        Span<float> values = new(head, 2 * _pairs);
        ReadOnlySpan<float> cosines = new(_cosines.Data + (long)token * _pairs, _pairs);
        ReadOnlySpan<float> sines = new(_sines.Data + (long)token * _pairs, _pairs);
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
