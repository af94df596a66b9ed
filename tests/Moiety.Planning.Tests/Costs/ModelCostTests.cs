using CsCheck;
using Moiety.Models.Configuration;
using Moiety.Models.Quantization;
using Moiety.Planning.Costs;

namespace Moiety.Planning.Tests.Costs;

public class ModelCostTests
{
    private static readonly Gen<ModelConfig> Configs = Gen.ULong.Select(Gen.Bool, (seed, attention) => attention ? RandomConfig.DrawWithAttention(seed) : RandomConfig.Draw(seed));

    [Fact]
    public void Parameters_are_those_of_the_files_and_of_inspect() => Configs.Sample(config =>
    {
        ModelCost cost = ModelCost.Of(config);
        ModelSummary summary = ModelSummary.From(config);
        Assert.Equal(TensorCatalog.For(config).Sum(tensor => tensor.ElementCount), cost.Parameters);
        Assert.Equal(TensorCatalog.For(config).Where(tensor => tensor.Expert >= 0).Sum(tensor => tensor.ElementCount), cost.ExpertParameters);
        Assert.Equal(summary.Parameters, cost.Parameters);
        Assert.Equal(summary.ActiveParameters, cost.ActiveParameters);
        Assert.Equal(summary.ParametersByPart.GetValueOrDefault(ModelPart.Embedding), cost.EmbeddingParameters);
        Assert.Equal(2 * cost.KeyValueElements, summary.KeyValueBytesPerToken);
        Assert.Equal(cost.Parameters, cost.ExpertParameters + cost.NonExpertParameters);
    });

    [Fact]
    public void Operations_are_those_that_a_walk_through_the_sequence_counts() => Configs.Where(config => !config.IsEncoder).Select(Gen.Int[1, 40]).Sample((config, length) =>
    {
        ForwardFlops counted = Walk(config, length);
        ForwardFlops predicted = ModelCost.Of(config).Forward(length);
        Assert.Equal(counted.Total, predicted.Total, counted.Total * 1e-12);
        Assert.Equal(counted.Scores, predicted.Scores, counted.Scores * 1e-12);
        Assert.Equal(counted.Experts, predicted.Experts, counted.Experts * 1e-12);
        Assert.Equal(counted.Router, predicted.Router, counted.Router * 1e-12);
        Assert.Equal(3 * counted.Total, ModelCost.Of(config).TrainingFlops(length), counted.Total * 1e-11);
    });

    // Narayanan et al., arXiv 2104.04473, section 5.1: a forward pass of B sequences of s tokens through l layers of width h takes
    // 24 B s l h² (1 + s / 6h + V / 12 l h), with full attention. The causal half of s / 6h is (s + 1) / 12h.
    [Theory]
    [InlineData(24, 1024, 16, 51200, 2048)]
    [InlineData(32, 4096, 32, 51200, 2048)]
    [InlineData(96, 12288, 96, 51200, 1024)]
    public void Operations_of_a_GPT_are_the_published_formula(int layers, int hidden, int heads, int vocabulary, int length)
    {
        double l = layers, h = hidden, v = vocabulary, s = length;
        double published = 24 * l * h * h * (1 + ((s + 1) / (12 * h)) + (v / (12 * l * h)));
        ModelConfig gpt = Gpt(layers, hidden, heads, vocabulary);
        Assert.Equal(published, ModelCost.Of(gpt).Forward(length).Total, published * 1e-12);
    }

    [Fact]
    public void Six_operations_per_active_parameter_are_training_without_the_scores_up_to_norms_and_biases()
    {
        ModelCost cost = ModelCost.Of(Gpt(24, 2048, 16, 51200));
        double withoutScores = cost.TrainingFlops(2048) - (3 * cost.Forward(2048).Scores);
        Assert.Equal(1, withoutScores / cost.SixTimesActive, 0.001);
    }

    [Fact]
    public void A_step_of_one_token_reads_the_active_parameters_and_a_large_one_all_that_are_multiplied_with() => Configs.Sample(config =>
    {
        ModelCost cost = ModelCost.Of(config);
        double lookedUp = cost.OutsideParameters - cost.ActiveOutsideParameters + cost.Layers.Sum(layer => layer.LookedUpParameters);
        Assert.Equal(cost.ActiveParameters, cost.ParametersRead(1), cost.ActiveParameters * 1e-9);
        Assert.Equal(cost.Parameters - lookedUp, cost.ParametersRead(1e6), cost.Parameters * 1e-9);
        Assert.True(cost.ParametersRead(2) <= 2 * cost.ParametersRead(1));
        Assert.Equal(2 * cost.ParametersRead(3), cost.WeightBytesRead(3, 2));
    });

    [Fact]
    public void The_expected_number_of_distinct_experts_is_what_drawing_gives()
    {
        Random random = new(7);
        foreach ((int experts, int topK, int tokens) in (ReadOnlySpan<(int, int, int)>)[(8, 2, 3), (16, 1, 16), (64, 8, 5), (4, 4, 1)])
        {
            const int Trials = 20_000;
            long distinct = 0;
            for (int trial = 0; trial < Trials; trial++)
            {
                HashSet<int> visited = [];
                for (int token = 0; token < tokens; token++)
                {
                    int[] order = [.. Enumerable.Range(0, experts)];
                    random.Shuffle(order);
                    visited.UnionWith(order.AsSpan(0, topK).ToArray());
                }

                distinct += visited.Count;
            }

            Assert.Equal((double)distinct / Trials, ExpertVisits.ExpectedDistinct(experts, topK, tokens), 0.01 * experts);
        }
    }

    private static ModelConfig Gpt(int layers, int hidden, int heads, int vocabulary) => new()
    {
        Family = "gpt2",
        VocabularySize = vocabulary,
        HiddenSize = hidden,
        HeadCount = heads,
        KeyValueHeadCount = heads,
        HeadSize = hidden / heads,
        ContextLength = 2048,
        NormEpsilon = 1e-5f,
        Norm = NormKind.Layer,
        Rotary = null,
        LearnedPositions = 2048,
        TieWordEmbeddings = true,
        Attention = new AttentionConfig { QueryKeyValueBias = true, OutputBias = true },
        FeedForwards = [.. Enumerable.Repeat(new FeedForwardConfig { Activation = Activation.GeluTanh, IntermediateSize = 4 * hidden, Bias = true }, layers)],
    };

    // Token by token, layer by layer, key by key: two operations for each multiply-add, divided by the tokens in the end.
    private static ForwardFlops Walk(ModelConfig config, int length)
    {
        double projections = 0, scores = 0, dense = 0, router = 0, experts = 0, shared = 0, head = 0;
        double hidden = config.HiddenSize;
        for (int token = 0; token < length; token++)
        {
            for (int layer = 0; layer < config.LayerCount; layer++)
            {
                double valueSize = config.Attention.Latent?.ValueHeadSize ?? config.HeadSize;
                projections += Projections(config);
                for (int key = 0; key <= token; key++)
                {
                    int window = config.AttentionOf(layer).Window;
                    scores += window > 0 && token - key >= window ? 0 : 2.0 * config.HeadCount * (config.HeadSize + valueSize);
                }

                FeedForwardConfig feedForward = config.FeedForwards[layer];
                double matrices = feedForward.Activation.IsGated() ? 3 : 2;
                if (feedForward.Moe is not { } moe)
                {
                    dense += 2 * matrices * hidden * feedForward.IntermediateSize;
                    continue;
                }

                router += moe.Gating == GatingKind.Hash ? 0 : 2 * hidden * moe.ExpertCount;
                experts += moe.TopK * 2 * matrices * hidden * moe.ExpertIntermediateSize;
                shared += (2 * matrices * hidden * moe.SharedIntermediateSize) + (moe.SharedGate && moe.SharedIntermediateSize > 0 ? 2 * hidden : 0);
                dense += moe.Residual ? (2 * matrices * hidden * feedForward.IntermediateSize) + (2 * 2 * hidden) : 0;
            }

            double width = config.EmbeddingSize > 0 ? config.EmbeddingSize : hidden;
            head += (2 * width * config.VocabularySize) + (config.EmbeddingSize > 0 ? 2 * 2 * width * hidden : 0);
        }

        double n = length;
        return new ForwardFlops(projections / n, scores / n, dense / n, router / n, experts / n, shared / n, head / n);
    }

    private static double Projections(ModelConfig config)
    {
        double hidden = config.HiddenSize;
        double heads = config.HeadCount;
        if (config.Attention.Latent is not { } latent)
        {
            return 2 * config.HeadSize * hidden * ((2 * heads) + (2 * config.KeyValueHeadCount));
        }

        double query = latent.QueryRank > 0
            ? (hidden * latent.QueryRank) + (latent.QueryRank * heads * config.HeadSize)
            : hidden * heads * config.HeadSize;
        double keyValue = (hidden * (latent.KeyValueRank + latent.RotaryHeadSize)) + (latent.KeyValueRank * heads * (latent.PlainHeadSize + latent.ValueHeadSize));
        return 2 * (query + keyValue + (hidden * heads * latent.ValueHeadSize));
    }
}
