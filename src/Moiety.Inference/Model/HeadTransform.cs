using Moiety.Models.Configuration;
using Moiety.Numerics.Kernels;

namespace Moiety.Inference.Model;

/// <summary>
/// What happens to projected queries, keys or values before they are rotated or stored: bias, then norm, then clamp. Nothing in
/// plain Llama.
/// </summary>
internal sealed unsafe class HeadTransform
{
    private readonly float[] _bias;
    private readonly QueryKeyNorm _norm;
    private readonly float[] _weight;
    private readonly float _epsilon;
    private readonly float _clip;
    private readonly int _headSize;

    /// <param name="bias">[heads * head size], or empty.</param>
    /// <param name="norm">The norm.</param>
    /// <param name="weight">The norm's weights.</param>
    /// <param name="config">The architecture.</param>
    public HeadTransform(float[] bias, QueryKeyNorm norm, float[] weight, ModelConfig config)
    {
        _bias = bias;
        _norm = norm;
        _weight = weight;
        _epsilon = config.NormEpsilon;
        _clip = config.Attention.ClipQueryKeyValue;
        _headSize = config.HeadSize;
    }

    /// <summary>Does what looks at all heads of a token together: the norm over the whole row, and the bias before it.</summary>
    /// <param name="row">[heads * head size], in place.</param>
    public void ApplyToRow(float* row)
    {
        Span<float> values = new(row, _weight.Length);
        if (_bias.Length > 0)
        {
            VectorMath.Add(values, _bias, values);
        }

        RmsNorm.Apply(values, _weight, _epsilon, values);
    }

    /// <summary>Does the rest for one head of a token.</summary>
    /// <param name="row">[heads * head size].</param>
    /// <param name="head">The head that changes in place.</param>
    public void ApplyToHead(float* row, int head)
    {
        int start = head * _headSize;
        Span<float> values = new(row + start, _headSize);
        if (_bias.Length > 0 && _norm != QueryKeyNorm.Whole)
        {
            VectorMath.Add(values, _bias.AsSpan(start, _headSize), values);
        }

        if (_norm == QueryKeyNorm.PerHead)
        {
            RmsNorm.Apply(values, _weight, _epsilon, values);
        }
        else if (_norm == QueryKeyNorm.PerHeadLayer)
        {
            LayerNorm.Apply(values, _weight.AsSpan(start, _headSize), [], _epsilon, values);
        }

        if (_clip > 0)
        {
            VectorMath.Clamp(-_clip, _clip, values);
        }
    }
}
