using CsCheck;
using Moiety.Models.Configuration;
using Moiety.Numerics.Randomness;
using Moiety.Training.Modules;
using Moiety.Training.Native;
using Moiety.Training.Routing;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Tests.Modules;

/// <summary>The sorted dispatch against the one-hot einsum formulation of GShard (arXiv 2006.16668, algorithm 1).</summary>
public class MixtureOfExpertsTests
{
    private const int Hidden = 12;
    private const int Inner = 8;

    private static readonly Gen<(int Tokens, int Experts, int TopK, bool Normalize, double? Factor, DropPolicy Policy, int Seed)> Cases = Gen.Select(
        Gen.Int[1, 40],
        Gen.Int[2, 8],
        Gen.Int[0, 2].Select(power => 1 << power),
        Gen.Bool,
        Gen.Select(Gen.Bool, Gen.Double[0.2, 1.5], (drop, factor) => drop ? factor : (double?)null),
        Gen.Enum<DropPolicy>(),
        Gen.Int[0, 1000],
        (tokens, experts, topK, normalize, factor, policy, seed) => (tokens, experts, Math.Min(topK, experts), normalize && topK > 1, factor, policy, seed));

    [Fact]
    public void Sorted_dispatch_equals_the_one_hot_einsum_for_any_shape_with_and_without_drops()
    {
        TorchLibrary.EnsureLoaded();
        Cases.Sample(sample =>
        {
            using DisposeScope scope = NewDisposeScope();
            FeedForwardConfig config = new()
            {
                IntermediateSize = 0,
                Moe = new MoeConfig { ExpertCount = sample.Experts, TopK = sample.TopK, ExpertIntermediateSize = Inner, NormalizeTopK = sample.Normalize },
            };
            using ParameterStore store = new();
            MixtureOfExperts layer = new(store, config, Hidden, layer: 0);
            store.Allocate();
            Random random = new(sample.Seed);
            foreach (string name in store.Names)
            {
                Fill(store.Span(name), random);
            }

            float[] values = new float[sample.Tokens * Hidden];
            Fill(values, random);
            Tensor x = tensor(values, sample.Tokens, Hidden);
            ExpertCapacity? capacity = sample.Factor is { } factor ? new ExpertCapacity(factor, 1, sample.Policy) : null;
            ulong seed = (ulong)sample.Seed;
            Tensor fast = layer.Forward(x, x, new ForwardPass(ComputePrecision.F32, capacity, seed, trackRouterLosses: false));
            (Tensor slow, HashSet<(int Token, int Expert)> kept) = Einsum(x, store, config.Moe, capacity, seed);
            double difference = (fast - slow).abs().max().ToDouble();
            Assert.True(difference <= 1e-6, $"difference {difference}");
            Assert.True(kept.SetEquals(Kept(x, store, config.Moe, capacity, seed)), "another set of assignments was kept");
        }, iter: 1000, threads: 1);
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(3, true)]
    [InlineData(1, false)]
    public void Equal_experts_are_one_dense_layer_whatever_the_router_says(int topK, bool normalize)
    {
        TorchLibrary.EnsureLoaded();
        using DisposeScope scope = NewDisposeScope();
        MoeConfig moe = new() { ExpertCount = 5, TopK = topK, ExpertIntermediateSize = Inner, NormalizeTopK = normalize };
        using ParameterStore store = new();
        MixtureOfExperts layer = new(store, new FeedForwardConfig { IntermediateSize = 0, Moe = moe }, Hidden, layer: 0);
        store.Allocate();
        Random random = new(3);
        Fill(store.Span(TensorNames.Router(0)), random);
        foreach (Func<int, int, string> name in (Func<int, int, string>[])[TensorNames.ExpertGate, TensorNames.ExpertUp, TensorNames.ExpertDown])
        {
            Fill(store.Span(name(0, 0)), random);
            for (int expert = 1; expert < moe.ExpertCount; expert++)
            {
                store.Span(name(0, 0)).CopyTo(store.Span(name(0, expert)));
            }
        }

        float[] values = new float[20 * Hidden];
        Fill(values, random);
        Tensor x = tensor(values, 20, Hidden);
        using IDisposable guard = no_grad();
        Tensor dense = (nn.functional.silu(x.mm(store.View(TensorNames.ExpertGate(0, 0)).t())) * x.mm(store.View(TensorNames.ExpertUp(0, 0)).t()))
            .mm(store.View(TensorNames.ExpertDown(0, 0)).t());

        // Without normalization the output is scaled by the probability of the one expert.
        Tensor expected = normalize ? dense : dense * x.mm(store.View(TensorNames.Router(0)).t()).softmax(1).amax([1], keepdim: true);
        Tensor output = layer.Forward(x, x, new ForwardPass(ComputePrecision.F32, null, 0, trackRouterLosses: false));
        Assert.InRange((output - expected).abs().max().ToDouble(), 0, 1e-6);
    }

    private static HashSet<(int Token, int Expert)> Kept(Tensor x, ParameterStore store, MoeConfig moe, ExpertCapacity? capacity, ulong seed)
    {
        GateOptions options = GateRegistry.DefaultFor(moe);
        TableRouting routing = (TableRouting)options.Kind.Create(options, new GateSite(store, moe, Hidden, 0)).Route(new GateInput
        {
            Rows = x,
            Router = rows => rows.mm(store.View(TensorNames.Router(0)).t()),
            Layer = 0,
            Capacity = capacity,
            Seed = seed,
        });
        return [.. routing.Table.ProbabilityIndices.Select(index => ((int)(index / moe.ExpertCount), (int)(index % moe.ExpertCount)))];
    }

    // Dispatch and combination as dense tensors of [tokens, experts, slots]. The kept set is worked out here by rank within the expert.
    private static (Tensor Output, HashSet<(int Token, int Expert)> Kept) Einsum(Tensor x, ParameterStore store, MoeConfig config, ExpertCapacity? capacity, ulong seed)
    {
        using IDisposable guard = no_grad();
        int tokens = (int)x.shape[0];
        int experts = config.ExpertCount;
        int slots = capacity?.Tokens(tokens, experts, config.TopK) ?? tokens * config.TopK;
        float[] probabilities = x.mm(store.View(TensorNames.Router(0)).t()).softmax(1).data<float>().ToArray();

        Xoshiro256 random = new(seed, purpose: 0x64726f70, 0);
        List<(int Token, int Expert, double Key)> choices = [];
        for (int token = 0; token < tokens; token++)
        {
            int[] order = [.. Enumerable.Range(0, experts).OrderByDescending(expert => probabilities[(token * experts) + expert]).ThenBy(expert => expert)];
            for (int k = 0; k < config.TopK; k++)
            {
                double key = capacity?.Policy switch
                {
                    DropPolicy.Random => k + random.NextDouble(),
                    DropPolicy.Probability => -probabilities[(token * experts) + order[k]],
                    _ => k,
                };
                choices.Add((token, order[k], key));
            }
        }

        HashSet<(int Token, int Expert)> kept = [];
        float[] dispatch = new float[tokens * experts * slots];
        float[] combine = new float[dispatch.Length];
        foreach (IGrouping<int, (int Token, int Expert, double Key)> group in choices.GroupBy(choice => choice.Expert))
        {
            int slot = 0;
            foreach ((int token, int expert, _) in group.OrderBy(choice => choice.Key).ThenBy(choice => choice.Token).Take(slots))
            {
                int at = (((token * experts) + expert) * slots) + slot++;
                dispatch[at] = 1;
                kept.Add((token, expert));
                combine[at] = probabilities[(token * experts) + expert];
            }
        }

        if (config.NormalizeTopK)
        {
            for (int token = 0; token < tokens; token++)
            {
                Span<float> row = combine.AsSpan(token * experts * slots, experts * slots);
                float sum = row.ToArray().Sum();
                foreach (ref float weight in row)
                {
                    weight /= Math.Max(sum, 1e-9f);
                }
            }
        }

        Tensor buffers = einsum("sec,sm->ecm", tensor(dispatch, tokens, experts, slots), x);
        Tensor outputs = stack(Enumerable.Range(0, experts).Select(expert =>
        {
            Tensor rows = buffers[expert];
            Tensor inner = nn.functional.silu(rows.mm(store.View(TensorNames.ExpertGate(0, expert)).t())) * rows.mm(store.View(TensorNames.ExpertUp(0, expert)).t());
            return inner.mm(store.View(TensorNames.ExpertDown(0, expert)).t());
        }).ToArray());
        return (einsum("sec,ecm->sm", tensor(combine, tokens, experts, slots), outputs), kept);
    }

    private static void Fill(Span<float> values, Random random)
    {
        foreach (ref float value in values)
        {
            value = random.NextSingle() - 0.5f;
        }
    }
}
