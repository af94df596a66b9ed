using BenchmarkDotNet.Attributes;
using Moiety.Numerics;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Benchmarks;

/// <summary>
/// Products of decoding (one activation row, bound by the memory) and of prefill (many, bound by the multipliers), for every
/// storage format. Weights of 256 MiB leave the caches, those of prefill stay in them.
/// </summary>
public unsafe class MatrixProductBenchmarks
{
    private const int Columns = 4096;
    private const long DecodeBytes = 256L << 20;
    private const int PrefillRows = 1024;
    private const int PrefillTokens = 128;

    private WorkerTeam _team = null!;
    private Matrix _large = null!;
    private Matrix _small = null!;
    private AlignedBuffer _x = null!;
    private AlignedBuffer _y = null!;
    private ActivationBuffer _activations = null!;

    /// <summary>Names of all formats.</summary>
    public static IEnumerable<string> Formats => StorageFormats.All.Select(format => format.Name);

    /// <summary>Format of the weights.</summary>
    [ParamsSource(nameof(Formats))]
    public string Format { get; set; } = "F32";

    /// <summary>Workers.</summary>
    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>Makes the matrices.</summary>
    [GlobalSetup]
    public void Setup()
    {
        StorageFormat format = StorageFormats.ByName(Format);
        _team = new WorkerTeam(Threads);
        _large = EncodedMatrix.Create(format, (int)(DecodeBytes / format.RowBytes(Columns)), Columns);
        _small = EncodedMatrix.Create(format, PrefillRows, Columns);
        _x = EncodedMatrix.Activations(PrefillTokens, Columns);
        _y = new AlignedBuffer((long)Math.Max(_large.Rows, PrefillRows * PrefillTokens) * sizeof(float));
        _activations = new ActivationBuffer(PrefillTokens, Columns);
    }

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _team.Dispose();
        _activations.Dispose();
        _x.Dispose();
        _y.Dispose();
        (_large.Owner as IDisposable)?.Dispose();
        (_small.Owner as IDisposable)?.Dispose();
    }

    /// <summary>256 MiB of weights times one activation row.</summary>
    [Benchmark]
    public void Decode() => MatrixProduct.Multiply(_team, _large, _x.As<float>(), 1, _y.As<float>(), _activations);

    /// <summary>[1024, 4096] weights times 128 activation rows: 1.07 billion operations.</summary>
    [Benchmark]
    public void Prefill() => MatrixProduct.Multiply(_team, _small, _x.As<float>(), PrefillTokens, _y.As<float>(), _activations);
}
