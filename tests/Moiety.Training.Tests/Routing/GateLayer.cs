using System.Text.Json;
using Moiety.Models.Configuration;
using Moiety.Training.Configuration;
using Moiety.Training.Modules;
using Moiety.Training.Native;
using Moiety.Training.Routing;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Tests.Routing;

/// <summary>One layer of experts with a gate, so small that it can be computed by plain loops in double precision.</summary>
internal sealed class GateLayer : IDisposable
{
    internal const int Hidden = 6;
    internal const int Vocabulary = 11;
    private const int Inner = 5;

    private readonly MixtureOfExperts _layer;

    /// <summary>Builds a layer with random parameters.</summary>
    /// <param name="gate">Name of the gate.</param>
    /// <param name="experts">Number of experts.</param>
    /// <param name="topK">Experts per token.</param>
    /// <param name="seed">Seed of the parameters.</param>
    /// <param name="options">The gate's options in JSON.</param>
    /// <param name="gating">The scores.</param>
    /// <param name="normalize">Whether weights are divided by their sum.</param>
    /// <param name="jitter">How near the largest logit others must be for SparseMixer to look at them.</param>
    internal GateLayer(string gate, int experts, int topK, int seed, string options = "{}", GatingKind gating = GatingKind.Softmax, bool normalize = false, float jitter = 0.01f)
    {
        TorchLibrary.EnsureLoaded();
        GateKind kind = GateRegistry.ByName[gate];
        Moe = kind.Defaults(new MoeConfig { ExpertCount = experts, TopK = topK, ExpertIntermediateSize = Inner, NormalizeTopK = normalize, Gating = gating, SparseMixerJitter = jitter });
        using JsonDocument json = JsonDocument.Parse(options);
        GateOptions read = kind.Read(new ConfigSection("test", "gate", json.RootElement.Clone()), Moe);
        _layer = new MixtureOfExperts(Store, new FeedForwardConfig { IntermediateSize = 0, Moe = Moe }, Hidden, layer: 0, read, Vocabulary);
        Store.Allocate();
        Random random = new(seed);
        foreach (string name in Store.Names)
        {
            foreach (ref float value in Store.Span(name))
            {
                value = (random.NextSingle() * 2) - 1;
            }
        }

        _layer.InitializeGate(new GateStart((ulong)seed, () => [.. Enumerable.Range(0, Vocabulary).Select(id => (long)id)]));
    }

    internal MoeConfig Moe { get; }

    internal ParameterStore Store { get; } = new();

    /// <summary>Random rows, [tokens, hidden].</summary>
    internal static float[] Rows(int tokens, int seed)
    {
        Random random = new(seed + 77);
        return [.. Enumerable.Range(0, tokens * Hidden).Select(_ => (random.NextSingle() * 2) - 1)];
    }

    /// <summary>The pass of a batch whose token ids are the places of the tokens.</summary>
    internal static ForwardPass Pass(int batch, int tokens, bool training, double progress = 1, bool[]? used = null) => new(ComputePrecision.F32, capacity: null, seed: 5, training)
    {
        Progress = progress,
        UsedTokens = used ?? [],
        TokenIds = tensor(Enumerable.Range(0, tokens).Select(token => (long)(token % Vocabulary)).ToArray()).view(batch, tokens / batch),
    };

    /// <summary>What the layer computes, [tokens, hidden].</summary>
    internal Tensor Forward(Tensor rows, ForwardPass pass) => _layer.Forward(rows, rows, pass);

    /// <summary>What the layer computes, as numbers.</summary>
    internal float[] Outputs(float[] rows, ForwardPass pass)
    {
        using IDisposable guard = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return [.. Forward(tensor(rows, rows.Length / Hidden, Hidden), pass).data<float>()];
    }

    /// <summary>By plain loops: the router's logits of all rows.</summary>
    internal double[][] Logits(float[] rows, string? matrix = null) =>
        [.. rows.Chunk(Hidden).Select(row => Product(matrix ?? TensorNames.Router(0), [.. row.Select(value => (double)value)]))];

    /// <summary>By plain loops: an expert's output.</summary>
    internal double[] Expert(int expert, double[] row)
    {
        double[] gate = Product(TensorNames.ExpertGate(0, expert), row);
        double[] up = Product(TensorNames.ExpertUp(0, expert), row);
        return Product(TensorNames.ExpertDown(0, expert), [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)]);
    }

    /// <summary>By plain loops: the sum of weighted experts for every row.</summary>
    internal double[] Mix(float[] rows, Func<int, IEnumerable<(int Expert, double Weight)>> choices) =>
    [
        .. rows.Chunk(Hidden).SelectMany((row, token) =>
        {
            double[] sum = new double[Hidden];
            foreach ((int expert, double weight) in choices(token))
            {
                double[] output = Expert(expert, [.. row.Select(value => (double)value)]);
                for (int i = 0; i < Hidden; i++)
                {
                    sum[i] += weight * output[i];
                }
            }

            return sum;
        }),
    ];

    internal static double[] Softmax(IEnumerable<double> logits)
    {
        double[] exponentials = [.. logits.Select(Math.Exp)];
        double sum = exponentials.Sum();
        return [.. exponentials.Select(value => value / sum)];
    }

    public void Dispose() => Store.Dispose();

    private double[] Product(string matrix, double[] row)
    {
        float[] values = [.. Store.Span(matrix)];
        return [.. values.Chunk(row.Length).Select(weights => weights.Zip(row, (weight, value) => weight * value).Sum())];
    }
}
