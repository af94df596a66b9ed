using System.Collections.Immutable;
using System.Numerics.Tensors;
using Moiety.Data.Corpora;
using Moiety.Evaluation.Perplexity;
using Moiety.Evaluation.Routing;
using Moiety.Evaluation.Scoring;
using Moiety.Inference;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Experts;
using Moiety.Models.Tokenizers;

namespace Moiety.Evaluation.Tests;

/// <summary>Which experts a text finds worth keeping, and what the others cost, against models made by hand and recounts in double precision.</summary>
public sealed class ExpertPruningTests : IDisposable
{
    private static readonly string[] Texts = ["Mia has 3 red kites, and Tom has 12.", "\"No!\" said Tom.\n\nMia went to the lake.", "7 + 5 = 12"];

    private readonly ByteLevelBpeTokenizer _tokenizer = BpeTrainer.Train(["Mia has a red kite. Tom has a blue kite."], new BpeTrainerOptions { VocabularySize = 290 });
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(nameof(SmallModels.Top2Normalized))]
    [InlineData(nameof(SmallModels.Top2))]
    [InlineData(nameof(SmallModels.Residual))]
    public void Without_experts_that_a_text_does_not_visit_its_tokens_are_computed_as_defined(string name)
    {
        ModelConfig config = SmallModels.All[name];
        using RandomCheckpoint whole = new(config, seed: 11);
        int[] tokens = RandomTokens.Draw(1, 4, config.VocabularySize);
        ReferenceOutput reference = new ReferenceDecoder(whole).Forward(tokens);
        Dictionary<int, ImmutableArray<double>> use = Enumerable.Range(0, config.LayerCount).ToDictionary(
            layer => layer, layer => ImmutableArray.CreateRange(Enumerable.Range(0, config.FeedForwards[layer].Moe!.ExpertCount)
                .Select(expert => (double)reference.Routing[layer].Sum(token => token.Experts.Count(chosen => chosen == expert)))));
        int visited = use.Values.Max(layer => layer.Count(count => count > 0));
        Assert.True(visited < config.FeedForwards[0].Moe!.ExpertCount, "every expert is visited: draw fewer tokens");
        PruningPlan plan = ExpertPruning.Plan(config, ExpertBudget.Parse($"{visited}"), use);
        using Checkpoint pruned = ExpertPruning.Apply(whole, plan);
        using RandomCheckpoint byHand = ByHand(whole, plan);
        float[] logits = Logits(pruned, tokens);
        AssertNear(new ReferenceDecoder(byHand).Forward(tokens).Logits.SelectMany(row => row), logits, 1e-5);
        double distance = Distance(reference.Logits.SelectMany(row => row), logits);
        if (config.FeedForwards[0].Moe!.NormalizeTopK)
        {
            Assert.True(distance < 1e-5, $"normalized weights do not depend on the others, yet logits moved by {distance:e1} of the range");
        }
        else
        {
            Assert.True(distance > 1e-4, "probabilities grow when others go");
        }
    }

    [Fact]
    public void The_measure_of_a_loss_is_that_of_models_made_by_hand()
    {
        using RandomCheckpoint random = new(SmallModels.Pyramid with { VocabularySize = _tokenizer.VocabularySize }, seed: 6);
        using Checkpoint model = WithTokenizer(random);
        ImmutableSortedDictionary<int, ImmutableArray<double>> losses = new ExpertLosses(model, Texts, Engines.Small).Measure();
        Assert.Equal([1, 2, 3], losses.Keys);
        double whole = Loss(random);
        foreach ((int layer, ImmutableArray<double> growths) in losses)
        {
            for (int expert = 0; expert < growths.Length; expert++)
            {
                using RandomCheckpoint without = ByHand(random, ExpertPruning.Without(random.Config, layer, expert));
                Assert.Equal(Loss(without) - whole, growths[expert], 1e-9);
            }
        }
    }

    [Fact]
    public void In_groups_an_expert_is_silenced_instead()
    {
        MoeConfig moe = new() { ExpertCount = 8, TopK = 2, ExpertIntermediateSize = 32, NormalizeTopK = true, GroupCount = 4, GroupTopK = 2 };
        ModelConfig config = SmallModels.Top2 with { VocabularySize = _tokenizer.VocabularySize, FeedForwards = [.. Enumerable.Repeat(new FeedForwardConfig { IntermediateSize = 0, Moe = moe }, 2)] };
        using RandomCheckpoint random = new(config, seed: 6);
        using TokenizedCheckpoint model = new(random, _tokenizer);
        double growth = new ExpertLosses(model, Texts, Engines.Small).Measure([1])[1][5];
        double whole = Loss(random);
        random.SetTensor(TensorNames.ExpertDown(1, 5), config.HiddenSize, 32, new float[config.HiddenSize * 32]);
        Assert.Equal(Loss(random) - whole, growth, 1e-9);
    }

    [Fact]
    public void Contributions_entropy_and_drops_are_those_of_a_recount()
    {
        ModelConfig config = SmallModels.Pyramid with { VocabularySize = _tokenizer.VocabularySize };
        using RandomCheckpoint model = new(config, seed: 5);
        using Engine engine = Engine.Open(model, Engines.Small);
        RouteStatistics routes = new RouteMeter(engine, _tokenizer).Measure(Texts.Select((text, index) => new CorpusDocument(text, "texts", index)));
        ReferenceRouting[][][] reference = [.. Texts.Select(text => new ReferenceDecoder(model).Forward(_tokenizer.Encode(text)).Routing)];
        foreach (LayerRoutes layer in routes.Layers)
        {
            ReferenceRouting[] tokens = [.. reference.SelectMany(text => text[layer.Layer])];
            int[] choices = new int[layer.ExpertCount];
            double[] contributions = new double[layer.ExpertCount];
            foreach (ReferenceRouting token in tokens)
            {
                for (int choice = 0; choice < token.Experts.Length; choice++)
                {
                    choices[token.Experts[choice]]++;
                    contributions[token.Experts[choice]] += token.Weights[choice] * token.OutputNorms[choice];
                }
            }

            for (int expert = 0; expert < layer.ExpertCount; expert++)
            {
                Assert.Equal(contributions[expert], layer.Contributions[expert], 1e-3);
                Assert.Equal(choices[expert] == 0 ? 0 : contributions[expert] / choices[expert], layer.Saliencies[expert], 1e-4);
            }

            Assert.Equal(tokens.Average(token => -token.Scores.Sum(score => score * Math.Log(score))), layer.RouterEntropy, 1e-4);
            double mean = choices.Average();
            Assert.Equal(Math.Sqrt(choices.Average(count => (count - mean) * (count - mean))) / mean, layer.CoefficientOfVariation, 1e-9);
            foreach (double factor in (double[])[0.5, 1, 1.25, 8])
            {
                int capacity = (int)Math.Ceiling(factor * choices.Sum() / layer.ExpertCount);
                Assert.Equal((double)choices.Sum(count => Math.Max(0, count - capacity)) / choices.Sum(), layer.DropRate(factor), 1e-12);
            }
        }
    }

    [Fact]
    public void Factors_against_larger_weights_are_the_best_constants()
    {
        ModelConfig config = SmallModels.Top2 with { VocabularySize = _tokenizer.VocabularySize };
        using RandomCheckpoint model = new(config, seed: 5);
        PruningPlan plan = ExpertPruning.Plan(config, ExpertBudget.Parse("4"), Enumerable.Range(0, 2).ToDictionary(layer => layer, layer => ImmutableArray.Create<double>(3, 0, 2, 5, 1, 4)));
        using Engine engine = Engine.Open(model, Engines.Small);
        ImmutableSortedDictionary<int, ImmutableArray<double>> factors = new WeightCompensation(engine, _tokenizer).Measure(Texts, plan);
        ReferenceRouting[][][] reference = [.. Texts.Select(text => new ReferenceDecoder(model).Forward(_tokenizer.Encode(text)).Routing)];
        foreach ((int layer, ImmutableArray<int> kept) in plan.Kept)
        {
            List<(double Before, double After)>[] weights = [.. kept.Select(_ => new List<(double, double)>())];
            foreach (ReferenceRouting token in reference.SelectMany(text => text[layer]))
            {
                double share = kept.Sum(expert => token.Scores[expert]);
                foreach (int index in Enumerable.Range(0, kept.Length).OrderByDescending(index => token.Scores[kept[index]]).Take(2))
                {
                    weights[index].Add((token.Scores[kept[index]], token.Scores[kept[index]] / share));
                }
            }

            for (int index = 0; index < kept.Length; index++)
            {
                double Error(double factor) => weights[index].Sum(pair => Math.Pow((factor * pair.After) - pair.Before, 2));
                double factor = factors[layer][index];
                Assert.InRange(factor, 0.1, 1);
                Assert.True(Error(factor) <= Error(factor * 1.001) && Error(factor) <= Error(factor / 1.001), $"{factor} is not the best");
            }
        }

        using RandomCheckpoint normalized = new(SmallModels.Top2Normalized with { VocabularySize = _tokenizer.VocabularySize }, seed: 5);
        using Engine other = Engine.Open(normalized, Engines.Small);
        Assert.Contains("divided by their sum", Assert.Throws<InvalidInputException>(() => new WeightCompensation(other, _tokenizer).Measure(Texts, plan)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_comparison_says_what_a_model_weighs_and_how_good_it_is()
    {
        using RandomCheckpoint random = new(SmallModels.Residual with { VocabularySize = _tokenizer.VocabularySize }, seed: 5);
        using TokenizedCheckpoint model = new(random, _tokenizer);
        using Checkpoint pruned = ExpertPruning.Apply(model, ExpertPruning.Plan(random.Config, ExpertBudget.Parse("3"), Enumerable.Range(0, 2).ToDictionary(layer => layer, _ => ImmutableArray.Create(1.0, 2, 3, 4))));
        ExpertComparison comparison = new(Texts, Engines.Small);
        ExpertTrial whole = comparison.Measure("whole", model);
        ExpertTrial fewer = comparison.Measure("fewer", pruned);
        Assert.Equal([4, 4], whole.Experts);
        Assert.Equal([3, 3], fewer.Experts);

        // Three projections of an expert and a row of the router, in both layers.
        Assert.Equal(2 * ((3 * 64 * 32) + 64), whole.Parameters - fewer.Parameters);
        Assert.Equal(4 * (whole.Parameters - fewer.Parameters), whole.Bytes - fewer.Bytes);
        Assert.Equal(Loss(random), whole.Result.Loss, 1e-9);
        Assert.NotEqual(whole.Result.Loss, fewer.Result.Loss);
        Assert.True(fewer.TokensPerSecond > 0);
    }

    /// <summary>The pruned model with all tensors copied, from the definition.</summary>
    private static RandomCheckpoint ByHand(RandomCheckpoint whole, PruningPlan plan)
    {
        RandomCheckpoint made = new(plan.Config, seed: 99);
        foreach (TensorSpec tensor in TensorCatalog.For(plan.Config))
        {
            string source = tensor.Expert < 0 ? tensor.Name
                : tensor.Name.Replace($".experts.{tensor.Expert}.", $".experts.{plan.Kept[tensor.Layer][tensor.Expert]}.", StringComparison.Ordinal);
            float[] values = whole.Values(source);
            if (tensor.Role == TensorRole.Router)
            {
                values = [.. plan.Kept[tensor.Layer].SelectMany(expert => values.Skip(expert * tensor.Columns).Take(tensor.Columns))];
            }

            made.SetTensor(tensor.Name, tensor.Rows, tensor.Columns, values);
        }

        return made;
    }

    private Checkpoint WithTokenizer(RandomCheckpoint random)
    {
        GgufWriter.Write(_folder["a.gguf"], random.Config, TensorSource.From(random), _tokenizer);
        return Checkpoint.Open(_folder["a.gguf"]);
    }

    private double Loss(Checkpoint model)
    {
        using Engine engine = Engine.Open(model, Engines.Small);
        return new PerplexityEvaluator(engine, _tokenizer).Evaluate(Texts).Loss;
    }

    private static float[] Logits(Checkpoint model, int[] tokens)
    {
        using Engine engine = Engine.Open(model, Engines.Small);
        List<float> all = [];
        LogitsReader.Read(engine, tokens, 0, (_, logits) => all.AddRange(logits));
        return [.. all];
    }

    private static void AssertNear(IEnumerable<double> expected, float[] actual, double tolerance) =>
        Assert.True(Distance(expected, actual) <= tolerance, $"{Distance(expected, actual):e2} of the range");

    private static double Distance(IEnumerable<double> expected, float[] actual)
    {
        double range = TensorPrimitives.Max<float>(actual) - TensorPrimitives.Min<float>(actual);
        return expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max() / range;
    }
}
