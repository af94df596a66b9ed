using System.Globalization;
using Moiety.Models;
using Moiety.Models.Configuration;
using Moiety.Training.Losses;
using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Tests.Modules;

public class DecoderModuleTests
{
    public static TheoryData<string> Kinds =>
    [
        "dense", "top-1", "top-1 residual", "top-2 normalized", "top-2", "pyramid", "untied", "interleaved",
        .. Enumerable.Range(0, 8).Select(seed => $"random {seed}"),
    ];

    public static TheoryData<string> MoreKinds => [.. Kinds.Select(kind => kind.Data), .. Enumerable.Range(8, 40).Select(seed => $"random {seed}")];

    [Theory]
    [MemberData(nameof(MoreKinds))]
    public void Logits_are_those_of_the_formulas(string kind)
    {
        ModelConfig config = Config(kind);
        using DecoderModule module = TinyModules.Random(config);
        int[] tokens = [5, 0, 36, 5, 17, 17, 2, 30, 11, 9, 1, 22];
        using RandomCheckpoint weights = new(config, seed: 1);
        foreach (TensorSpec tensor in TensorCatalog.For(config))
        {
            weights.SetTensor(tensor.Name, tensor.Rows, tensor.Columns, module.GetParameter(tensor.Name));
        }

        double[][] expected = new ReferenceDecoder(weights).Forward(tokens).Logits;
        AssertClose(expected.SelectMany(row => row), module.Logits(tokens), 1e-4);
    }

    /// <summary>Without SparseMixer, which draws its choices in training: its gradient is an estimate for the mean over the draws.</summary>
    public static TheoryData<string> DeterministicKinds =>
        [.. Kinds.Select(kind => kind.Data).Where(kind => Config(kind).FeedForwards.All(layer => layer.Moe is not { Gating: GatingKind.SparseMixer }))];

    [Theory]
    [MemberData(nameof(DeterministicKinds))]
    public void Gradients_are_those_of_finite_differences(string kind)
    {
        ModelConfig config = Config(kind);
        using DecoderModule module = TinyModules.Random(config);
        LossWeights weights = new(Balance: 0.3, RouterZ: 0.2, MicroBatchShare: 1);
        Backward(module, weights);
        Dictionary<string, float[]> gradients = module.ParameterNames.ToDictionary(name => name, name => Gradient(module, name));
        Random random = new(3);
        int compared = 0;
        foreach ((string name, float[] gradient) in gradients)
        {
            if (name.EndsWith("e_score_correction_bias", StringComparison.Ordinal) || TinyModules.IsTable(name))
            {
                // It only decides who is chosen.
                Assert.All(gradient, value => Assert.Equal(0, value));
                continue;
            }

            // The largest entry, where rounding matters least, and one at random.
            int largest = Array.IndexOf(gradient, gradient.MaxBy(Math.Abs));
            foreach (int i in (int[])[largest, random.Next(gradient.Length)])
            {
                if (Slope(module, weights, name, i) is { } numeric)
                {
                    compared++;
                    Assert.True(Math.Abs(numeric - gradient[i]) <= 2e-3 + (0.02 * Math.Abs(numeric)), $"{name}[{i}]: {gradient[i]}, by finite differences {numeric}");
                }
            }
        }

        Assert.True(compared > gradients.Count, $"only {compared} comparisons for {gradients.Count} parameters");
    }

    [Fact]
    public void An_expert_that_nobody_visits_has_a_zero_gradient()
    {
        using DecoderModule module = TinyModules.Random(TinyModules.Config(TinyModules.Experts(6, 1, normalize: false, residual: true)));
        module.GetParameter(TensorNames.Router(0)).Clear(); // All equal: the lowest id takes every token.
        TrainingPassResult result = Backward(module, new LossWeights(0.01, 0.001, 1));
        Assert.Equal(result.Routers[0].Assignments, result.Routers[0].Load[0]);
        Assert.Contains(Gradient(module, TensorNames.ExpertUp(0, 0)), value => value != 0);
        for (int expert = 1; expert < 6; expert++)
        {
            Assert.All(Gradient(module, TensorNames.ExpertUp(0, expert)), value => Assert.Equal(0, value));
            Assert.All(Gradient(module, TensorNames.ExpertDown(0, expert)), value => Assert.Equal(0, value));
        }
    }

    [Fact]
    public void One_expert_is_the_dense_layer()
    {
        using DecoderModule dense = TinyModules.Random(TinyModules.Config(new FeedForwardConfig { IntermediateSize = 16 }));
        using DecoderModule single = new(TinyModules.Config(TinyModules.Experts(1, 1, normalize: false, residual: false)));
        foreach (string name in dense.ParameterNames)
        {
            dense.GetParameter(name).CopyTo(single.GetParameter(name.Replace(".mlp.", ".mlp.experts.0.", StringComparison.Ordinal)));
        }

        Assert.Equal(dense.Logits([1, 2, 3, 4]), single.Logits([1, 2, 3, 4]));
    }

    [Fact]
    public void Residual_branches_start_at_one_half_each()
    {
        FeedForwardConfig residual = TinyModules.Experts(4, 1, normalize: false, residual: true);
        using DecoderModule module = new(TinyModules.Config(residual));
        module.Initialize(5);
        Assert.All(module.GetParameter(TensorNames.Coefficient(0)).ToArray(), value => Assert.Equal(0, value));
        Assert.All(module.GetParameter(TensorNames.CoefficientBias(0)).ToArray(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void Initialization_depends_on_the_seed_only()
    {
        ModelConfig config = Config("pyramid");
        using DecoderModule one = new(config);
        using DecoderModule two = new(config);
        using DecoderModule other = new(config);
        one.Initialize(7);
        two.Initialize(7);
        other.Initialize(8);
        string name = TensorNames.ExpertGate(1, 3);
        Assert.Equal(one.GetParameter(name).ToArray(), two.GetParameter(name).ToArray());
        Assert.NotEqual(one.GetParameter(name).ToArray(), other.GetParameter(name).ToArray());
        Assert.NotEqual(one.GetParameter(name).ToArray(), one.GetParameter(TensorNames.ExpertGate(1, 2)).ToArray());
    }

    [Fact]
    public void Bfloat16_products_give_nearly_the_same_loss_and_gradients()
    {
        using DecoderModule module = TinyModules.Random(Config("dense"));
        LossWeights weights = new(0, 0, 1);
        double exact = Backward(module, weights).CrossEntropySum;
        float[] exactGradient = Gradient(module, TensorNames.Query(0));
        double rounded = Backward(module, weights, ComputePrecision.BF16).CrossEntropySum;
        Assert.Equal(exact, rounded, exact * 0.01);
        AssertClose(exactGradient.Select(value => (double)value), Gradient(module, TensorNames.Query(0)), exactGradient.Max(Math.Abs) * 0.1);
    }

    [Fact]
    public void Bad_token_ids_and_lengths_are_refused()
    {
        using DecoderModule module = TinyModules.Random(Config("dense"));
        Assert.Contains("37", Assert.Throws<InvalidInputException>(() => module.Logits([1, 37])).Message, StringComparison.Ordinal);
        Assert.Contains("-1", Assert.Throws<InvalidInputException>(() => module.Logits([-1])).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidInputException>(() => module.Logits([]));
        Assert.Contains("24", Assert.Throws<InvalidInputException>(() => module.Logits(new int[25])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_that_are_not_finite_are_named()
    {
        using DecoderModule module = TinyModules.Random(Config("top-1"));
        module.GetParameter(TensorNames.Router(1))[3] = float.NaN;
        Assert.Contains("Layer 1", Assert.Throws<InvalidInputException>(() => module.Logits([1, 2])).Message, StringComparison.Ordinal);
    }

    private static ModelConfig Config(string kind) => kind switch
    {
        "dense" => TinyModules.Config(TinyModules.Dense, TinyModules.Dense),
        "top-1" => TinyModules.Config(TinyModules.Dense, TinyModules.Experts(4, 1, normalize: false, residual: false)),
        "top-1 residual" => TinyModules.Config(TinyModules.Experts(4, 1, normalize: false, residual: true)),
        "top-2 normalized" => TinyModules.Config(TinyModules.Experts(5, 2, normalize: true, residual: false)),
        "top-2" => TinyModules.Config(TinyModules.Experts(5, 2, normalize: false, residual: true)),
        "pyramid" => TinyModules.Config(TinyModules.Dense, TinyModules.Experts(4, 1, normalize: false, residual: true), TinyModules.Experts(8, 1, normalize: false, residual: true)),
        "untied" => TinyModules.Config(TinyModules.Dense) with { TieWordEmbeddings = false },
        "interleaved" => TinyModules.Config(TinyModules.Dense) with { Rotary = new RotaryConfig { Theta = 100, Interleaved = true }, KeyValueHeadCount = 4 },
        _ => TrainableConfig.Draw(ulong.Parse(kind.AsSpan("random ".Length), CultureInfo.InvariantCulture)),
    };

    private static TrainingPassResult Backward(DecoderModule module, LossWeights weights, ComputePrecision precision = ComputePrecision.F32)
    {
        module.Store.ZeroGradients();
        return module.ForwardBackward(Tokens(), Labels(), new ForwardPass(precision, null, 0, trackRouterLosses: true), weights);
    }

    // The training loss as a function of one parameter, differentiated symmetrically; null where it has a bend: a token changes its expert
    // on the way, or a rectifier its side.
    private static double? Slope(DecoderModule module, LossWeights weights, string name, int index)
    {
        const float Step = 2e-3f;
        float value = module.GetParameter(name)[index];
        (double here, _) = Loss(module, weights);
        module.GetParameter(name)[index] = value + Step;
        (double above, string loadAbove) = Loss(module, weights);
        module.GetParameter(name)[index] = value - Step;
        (double below, string loadBelow) = Loss(module, weights);
        module.GetParameter(name)[index] = value;
        double slope = (above - below) / (2 * Step);
        double bend = (above - here - (here - below)) / Step;
        return loadAbove == loadBelow && Math.Abs(bend) <= 3e-3 + (0.05 * Math.Abs(slope)) ? slope : null;
    }

    private static (double Loss, string Load) Loss(DecoderModule module, LossWeights weights)
    {
        TrainingPassResult result = module.ForwardBackward(Tokens(), Labels(), new ForwardPass(ComputePrecision.F32, null, 0, trackRouterLosses: true), weights);
        double loss = (result.CrossEntropySum / 16) + result.RouterLoss;
        return (loss, string.Join(';', result.Routers.Select(router => string.Join(',', router.Load))));
    }

    private static Tensor Tokens() => tensor(new long[] { 3, 14, 15, 9, 2, 6, 5, 35, 8, 9, 7, 9, 3, 2, 3, 8 }, 2, 8);

    private static Tensor Labels() => tensor(new long[] { 14, 15, 9, 2, 6, 5, 35, 8, 9, 7, 9, 3, 2, 3, 8, 4 });

    private static float[] Gradient(DecoderModule module, string name)
    {
        using Tensor gradient = module.Store.GradientView(name);
        return gradient.data<float>().ToArray();
    }

    private static void AssertClose(IEnumerable<double> expected, IEnumerable<float> actual, double tolerance)
    {
        double[] wanted = [.. expected];
        float[] got = [.. actual];
        Assert.Equal(wanted.Length, got.Length);
        for (int i = 0; i < wanted.Length; i++)
        {
            Assert.True(Math.Abs(wanted[i] - got[i]) <= tolerance, $"element {i}: {got[i]} instead of {wanted[i]}");
        }
    }
}
