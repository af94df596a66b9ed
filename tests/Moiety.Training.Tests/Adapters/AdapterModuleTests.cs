using Moiety.Models;
using Moiety.Models.Adapters;
using Moiety.Models.Configuration;
using Moiety.Numerics.Randomness;
using Moiety.Training.Adapters;
using Moiety.Training.Losses;
using Moiety.Training.Modules;
using Moiety.Training.Optimization;
using Moiety.Training.Tests.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Tests.Adapters;

/// <summary>Low-rank updates and banks of low-rank experts beside a frozen model.</summary>
public class AdapterModuleTests
{
    private static readonly AdapterOptions Plain = new() { Rank = 3, Alpha = 6, Targets = ["q_proj", "v_proj", "mlp.up_proj", "down_proj"] };
    private static readonly AdapterOptions Routed = Plain with { Targets = ["q_proj", "o_proj", "mlp.down_proj", "residual.up_proj"], Experts = 4 };
    private static readonly int[] Sequence = [5, 0, 36, 5, 17, 17, 2, 30, 11, 9];

    public static TheoryData<string> Kinds => ["plain", "routed", "routed top-1"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_new_adapter_leaves_the_model_as_it_is_bit_by_bit(string kind)
    {
        using DecoderModule model = TinyModules.Random(Model);
        using DecoderModule adapted = Adapted(kind);
        adapted.Adapter!.Initialize(3);
        Assert.Equal(model.Logits(Sequence), adapted.Logits(Sequence));
        Randomize(adapted);
        Assert.NotEqual(model.Logits(Sequence), adapted.Logits(Sequence));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Gradients_are_those_of_finite_differences(string kind)
    {
        using DecoderModule module = Adapted(kind);
        Randomize(module);
        LossWeights weights = new(Balance: 0.3, RouterZ: 0.2, MicroBatchShare: 1);
        module.Trained.ZeroGradients();
        Backward(module, weights);
        Dictionary<string, float[]> gradients = module.Trained.Names.ToDictionary(name => name, name => Gradient(module, name));
        Random random = new(3);
        int compared = 0;
        foreach ((string name, float[] gradient) in gradients)
        {
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

    // y = W x + Σ_i g_i(x) · alpha / r · B_i A_i x, written out in double precision.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void A_bank_of_experts_is_the_sum_that_its_definition_says(int topK)
    {
        AdapterOptions options = Routed with { TopK = topK, Targets = ["layers.0.mlp.down_proj"] };
        using DecoderModule module = new(Model, [], adapter: options);
        Randomize(module);
        LoraExpertBank bank = module.Adapter!.ToAdapter("trained").Banks[TensorNames.Down(0)];
        Assert.Equal((4, topK, 3, 2f, topK > 1), (bank.Experts, bank.TopK, bank.Rank, bank.Scale, bank.NormalizeTopK));
        float[] input = new float[7 * bank.Columns];
        new Xoshiro256(9).FillNormal(input, 1);
        using DecoderModule model = TinyModules.Random(Model);
        model.GetParameter(TensorNames.Down(0)).CopyTo(module.GetParameter(TensorNames.Down(0)));
        float[] product = Product(module, tensor(input).view(7, bank.Columns));
        for (int row = 0; row < 7; row++)
        {
            double[] expected = Reference(model.GetParameter(TensorNames.Down(0)), bank, input.AsSpan(row * bank.Columns, bank.Columns));
            for (int column = 0; column < bank.Rows; column++)
            {
                Assert.Equal(expected[column], product[(row * bank.Rows) + column], 1e-4);
            }
        }
    }

    [Fact]
    public void Only_what_the_router_chooses_gets_a_gradient()
    {
        using DecoderModule module = new(Model, [], adapter: Routed with { TopK = 1, Targets = ["layers.0.self_attn.q_proj"] });
        Fill(module);
        Randomize(module);
        string name = TensorNames.Query(0);
        module.Trained.Span(AdapterUpdate.RouterName(name)).Clear(); // All equal: the lowest id takes every token.
        module.Trained.ZeroGradients();
        TrainingPassResult result = Backward(module, new LossWeights(0, 0, 1));
        Assert.Equal(16, result.Routers.Single(router => router.Layer == 0).Load[0]);
        float[] first = Gradient(module, AdapterUpdate.FirstName(name));
        Assert.Contains(first[..(3 * 16)], value => value != 0);
        Assert.All(first[(3 * 16)..], value => Assert.Equal(0, value));
    }

    [Fact]
    public void The_frozen_model_has_no_gradients_and_the_optimizer_no_moments_for_it()
    {
        using DecoderModule module = Adapted("routed");
        Assert.Throws<InvalidOperationException>(() => module.Store.Gradients);
        long factors = module.Adapter!.ToAdapter("trained").Parameters;
        Assert.Equal(factors, module.TrainedParameterCount);
        using AdamW optimizer = new(module.Trained, new AdamWOptions());
        Assert.Equal(module.Trained.Length, optimizer.FirstMoment.shape[0]);
        Assert.True(module.Trained.Length < module.ParameterCount);
    }

    [Fact]
    public void Dropout_is_for_training_only_and_the_same_for_the_same_seed()
    {
        using DecoderModule module = new(Model, [], adapter: Plain with { Dropout = 0.5 });
        using DecoderModule without = new(Model, [], adapter: Plain);
        foreach (DecoderModule each in (DecoderModule[])[module, without])
        {
            Fill(each);
            Randomize(each);
        }

        Assert.Equal(without.Logits(Sequence), module.Logits(Sequence));
        LossWeights weights = new(0, 0, 1);
        double dropped = Backward(module, weights, seed: 5).CrossEntropySum;
        Assert.Equal(dropped, Backward(module, weights, seed: 5).CrossEntropySum);
        Assert.NotEqual(dropped, Backward(module, weights, seed: 6).CrossEntropySum);
        Assert.NotEqual(dropped, Backward(without, weights, seed: 5).CrossEntropySum);
    }

    [Theory]
    [InlineData("x_proj", 3, 0, "\"x_proj\" means no matrix", "q_proj")]
    [InlineData("q_proj", 17, 0, "adapter.rank: 17", "self_attn.q_proj of [24, 16]")]
    [InlineData("gate", 3, 0, "\"gate\" means no matrix", "down_proj")]
    [InlineData("experts.0.down_proj", 3, 4, "experts of experts", "")]
    public void What_cannot_be_adapted_is_named(string target, int rank, int experts, string said, string more)
    {
        AdapterOptions options = new() { Rank = rank, Alpha = 1, Targets = [target], Experts = experts };
        string message = Assert.Throws<InvalidInputException>(() => new DecoderModule(Model, [], adapter: options)).Message;
        Assert.Contains(said, message, StringComparison.Ordinal);
        Assert.Contains(more, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Matrices_that_a_family_keeps_in_one_are_refused()
    {
        ModelConfig fused = TinyModules.Config(TinyModules.Dense) with { Family = "phi3" };
        string message = Assert.Throws<InvalidInputException>(() => new DecoderModule(fused, [], adapter: Plain with { Targets = ["qkv_proj"] })).Message;
        Assert.Contains("in one tensor with others", message, StringComparison.Ordinal);
    }

    private static ModelConfig Model => TinyModules.Config(TinyModules.Dense, TinyModules.Experts(3, 2, normalize: true, residual: true));

    private static DecoderModule Adapted(string kind)
    {
        DecoderModule module = new(Model, [], adapter: kind switch
        {
            "plain" => Plain,
            "routed" => Routed,
            _ => Routed with { TopK = 1 },
        });
        Fill(module);
        return module;
    }

    private static void Fill(DecoderModule module)
    {
        using DecoderModule model = TinyModules.Random(Model);
        foreach (string name in model.ParameterNames)
        {
            model.GetParameter(name).CopyTo(module.GetParameter(name));
        }
    }

    private static void Randomize(DecoderModule module)
    {
        foreach (string name in module.Trained.Names)
        {
            module.Trained.FillNormal(name, 7, 0.4);
        }
    }

    private static float[] Product(DecoderModule module, Tensor input)
    {
        ForwardPass pass = new(ComputePrecision.F32, null, 0, trackRouterLosses: false) { Adapter = module.Adapter };
        using IDisposable guard = no_grad();
        (int leaf, _) = module.Store.LeafOf(TensorNames.Down(0));
        return [.. pass.Project(input, new Parameter(module.Store, leaf)).data<float>()];
    }

    private static double[] Reference(ReadOnlySpan<float> weights, LoraExpertBank bank, ReadOnlySpan<float> x)
    {
        double[] logits = new double[bank.Experts];
        for (int expert = 0; expert < bank.Experts; expert++)
        {
            logits[expert] = Dot(bank.Router.AsSpan(expert * bank.Columns, bank.Columns), x);
        }

        double sum = logits.Sum(Math.Exp);
        int[] chosen = [.. Enumerable.Range(0, bank.Experts).OrderByDescending(expert => logits[expert]).Take(bank.TopK)];
        double kept = bank.NormalizeTopK ? chosen.Sum(expert => Math.Exp(logits[expert])) / sum : 1;
        double[] y = new double[bank.Rows];
        for (int row = 0; row < bank.Rows; row++)
        {
            y[row] = Dot(weights.Slice(row * bank.Columns, bank.Columns), x);
            foreach (int expert in chosen)
            {
                double gate = Math.Exp(logits[expert]) / sum / kept;
                for (int r = 0; r < bank.Rank; r++)
                {
                    int inner = (expert * bank.Rank) + r;
                    y[row] += gate * 2 * bank.B[(row * bank.Experts * bank.Rank) + inner] * Dot(bank.A.AsSpan(inner * bank.Columns, bank.Columns), x);
                }
            }
        }

        return y;
    }

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += (double)a[i] * b[i];
        }

        return sum;
    }

    private static TrainingPassResult Backward(DecoderModule module, LossWeights weights, ulong seed = 0) =>
        module.ForwardBackward(Tokens(), Labels(), new ForwardPass(ComputePrecision.F32, null, seed, trackRouterLosses: true), weights);

    private static double? Slope(DecoderModule module, LossWeights weights, string name, int index)
    {
        const float Step = 2e-3f;
        float value = module.Trained.Span(name)[index];
        (double here, _) = Loss(module, weights);
        module.Trained.Span(name)[index] = value + Step;
        (double above, string loadAbove) = Loss(module, weights);
        module.Trained.Span(name)[index] = value - Step;
        (double below, string loadBelow) = Loss(module, weights);
        module.Trained.Span(name)[index] = value;
        double slope = (above - below) / (2 * Step);
        double bend = (above - here - (here - below)) / Step;
        return loadAbove == loadBelow && Math.Abs(bend) <= 3e-3 + (0.05 * Math.Abs(slope)) ? slope : null;
    }

    // A token that changes an expert, of the adapter or of the model, on the way makes a bend in the loss.
    private static (double Loss, string Load) Loss(DecoderModule module, LossWeights weights)
    {
        TrainingPassResult result = Backward(module, weights);
        return ((result.CrossEntropySum / 16) + result.RouterLoss, string.Join(';', result.Routers.Select(router => string.Join(',', router.Load))));
    }

    private static Tensor Tokens() => tensor(new long[] { 3, 14, 15, 9, 2, 6, 5, 35, 8, 9, 7, 9, 3, 2, 3, 8 }, 2, 8);

    private static Tensor Labels() => tensor(new long[] { 14, 15, 9, 2, 6, 5, 35, 8, 9, 7, 9, 3, 2, 3, 8, 4 });

    private static float[] Gradient(DecoderModule module, string name)
    {
        using Tensor gradient = module.Trained.GradientView(name);
        return [.. gradient.data<float>()];
    }
}
