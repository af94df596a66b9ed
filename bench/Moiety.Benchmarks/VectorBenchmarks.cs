using BenchmarkDotNet.Attributes;
using Moiety.Numerics.Kernels;

namespace Moiety.Benchmarks;

/// <summary>Element-wise kernels at the width of a hidden state and of an attention row.</summary>
public class VectorBenchmarks
{
    private float[] _x = [];
    private float[] _weight = [];
    private float[] _y = [];

    /// <summary>Elements.</summary>
    [Params(512, 4096)]
    public int Length { get; set; }

    /// <summary>Makes the vectors.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _x = new float[Length];
        _weight = new float[Length];
        _y = new float[Length];
        EncodedMatrix.Fill(_x);
        EncodedMatrix.Fill(_weight);
    }

    /// <summary>Normalization.</summary>
    [Benchmark]
    public void Norm() => RmsNorm.Apply(_x, _weight, 1e-5f, _y);

    /// <summary>Softmax of a copy.</summary>
    [Benchmark]
    public void SoftmaxOfCopy()
    {
        _x.CopyTo(_y, 0);
        Softmax.Apply(_y);
    }

    /// <summary>SwiGLU's gate.</summary>
    [Benchmark]
    public void Gate() => SiluGate.Apply(_x, _weight, _y);

    /// <summary>Dot product.</summary>
    [Benchmark]
    public float Dot() => VectorMath.Dot(_x, _weight);
}
