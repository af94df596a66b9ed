using System.Buffers;
using System.Numerics.Tensors;

namespace Moiety.Decoding.Processors;

/// <summary>The distribution that logits stand for, over pooled memory and with the same bits on every machine.</summary>
internal readonly ref struct Softmax
{
    private readonly double[] _weights;
    private readonly int _length;

    /// <summary>Computes the distribution.</summary>
    /// <param name="logits">Scores, at least one finite; minus infinity is a forbidden token.</param>
    public Softmax(ReadOnlySpan<float> logits)
    {
        _length = logits.Length;
        _weights = ArrayPool<double>.Shared.Rent(_length);
        float maximum = TensorPrimitives.Max(logits);
        double total = 0;
        double tilt = 0;
        for (int id = 0; id < logits.Length; id++)
        {
            double weight = 0;
            if (logits[id] > float.NegativeInfinity)
            {
                double distance = (double)logits[id] - maximum;
                weight = PortableMath.Exp(distance);
                total += weight;
                tilt += weight * distance;
            }

            _weights[id] = weight;
        }

        Total = total;
        LogNormalizer = maximum + PortableMath.Log(total);

        // -sum p ln p, where ln p = distance - ln total.
        Entropy = PortableMath.Log(total) - (tilt / total);
    }

    /// <summary>e^(logit - largest logit), 0 for a forbidden token: the probability times <see cref="Total"/>.</summary>
    public Span<double> Weights => _weights.AsSpan(0, _length);

    /// <summary>The sum of the weights.</summary>
    public double Total { get; }

    /// <summary>ln of the sum of e^logit, so that ln p = logit - this.</summary>
    public double LogNormalizer { get; }

    /// <summary>The entropy in nats.</summary>
    public double Entropy { get; }

    /// <summary>Forbids tokens less likely than a probability, but never the likeliest ones.</summary>
    public void Cut(Span<float> logits, double probability)
    {
        // The likeliest weighs 1 exactly.
        double least = Math.Min(probability * Total, 1);
        for (int id = 0; id < logits.Length; id++)
        {
            if (_weights[id] < least)
            {
                logits[id] = float.NegativeInfinity;
            }
        }
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => ArrayPool<double>.Shared.Return(_weights);
}
