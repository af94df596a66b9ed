using CsCheck;
using Moiety.Data.Corpora;
using Moiety.Evaluation.Perplexity;
using Moiety.Evaluation.Routing;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Inference.Steps;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;

namespace Moiety.Evaluation.Tests;

/// <summary>Statistics of routers against a recount, token by token.</summary>
public sealed class RouteTests
{
    private static readonly string[] Texts =
    [
        "Mia has 3 red kites, and Tom has 12.", "\"No!\" said Tom.\n\nMia went to the lake.", string.Concat(Enumerable.Repeat("Tom has a kite. ", 90)), "7 + 5 = 12",
    ];

    private readonly ByteLevelBpeTokenizer _tokenizer = BpeTrainer.Train(["Mia has a red kite. Tom has a blue kite."], new BpeTrainerOptions { VocabularySize = 290 });

    [Fact]
    public void Loads_and_weights_are_those_of_the_choices_token_by_token()
    {
        using RandomCheckpoint model = new(SmallModels.Pyramid with { VocabularySize = _tokenizer.VocabularySize }, seed: 5);
        using Engine engine = Engine.Open(model);
        RouteStatistics routes = new RouteMeter(engine, _tokenizer).Measure(Documents());
        Assert.Equal([1, 2, 3], routes.Layers.Select(layer => layer.Layer));
        long tokens = 0;
        Dictionary<(int, int), (long Count, double Weight)> recount = [];
        foreach (string text in Texts)
        {
            int[] ids = _tokenizer.Encode(text);
            tokens += ids.Length;
            foreach (int[] piece in ids.Chunk(256))
            {
                using KvCache cache = engine.CreateCache();
                foreach (int id in piece)
                {
                    Batch batch = new();
                    batch.Add(cache, [id], LogitsWanted.Last, new ForwardPlan { RouterDecisions = [1, 2, 3] });
                    StepResult result = engine.Step(batch, TestContext.Current.CancellationToken);
                    foreach (int layer in (int[])[1, 2, 3])
                    {
                        RouterDecision decision = result.Routing(0, layer, 0);
                        for (int choice = 0; choice < decision.Experts.Length; choice++)
                        {
                            (long count, double weight) = recount.GetValueOrDefault((layer, decision.Experts[choice]));
                            recount[(layer, decision.Experts[choice])] = (count + 1, weight + decision.Weights[choice]);
                        }
                    }
                }
            }
        }

        Assert.Equal(tokens, routes.Tokens);
        Assert.Equal(Texts.Length, routes.Documents);
        foreach (LayerRoutes layer in routes.Layers)
        {
            Assert.Equal(tokens * model.Config.FeedForwards[layer.Layer].Moe!.TopK, layer.Total);
            Assert.Equal(1, layer.Loads.Sum(), 1e-12);
            for (int expert = 0; expert < layer.ExpertCount; expert++)
            {
                (long count, double weight) = recount.GetValueOrDefault((layer.Layer, expert));
                Assert.Equal(count, layer.Choices[expert]);
                Assert.Equal(weight, layer.Weights[expert], 1e-3);
                Assert.Equal(count, Enumerable.Range(0, layer.ByTokenKind!.LabelCount).Sum(kind => layer.ByTokenKind[expert, kind]));
            }
        }
    }

    [Fact]
    public void Even_and_one_sided_loads_lie_at_the_ends_of_every_scale()
    {
        LayerRoutes even = new(0, [5, 5, 5, 5], [1, 1, 1, 1]);
        Assert.Equal((1, 1, 0.2), (Math.Round(even.Evenness, 12), even.Imbalance, even.MeanWeight));
        Assert.Empty(even.Dead);
        LayerRoutes single = new(0, [0, 8, 0, 0], [0, 4, 0, 0]);
        Assert.Equal((0, 4, 0.5), (Math.Abs(single.Evenness), single.Imbalance, single.MeanWeights[1]));
        Assert.Equal([0, 2, 3], single.Dead);
    }

    [Fact]
    public void Mutual_information_is_the_difference_of_entropies() =>
        Gen.Select(Gen.Int[1, 6], Gen.Int[1, 5], Gen.Int[0, 40].Array[30]).Sample((experts, labels, counts) =>
        {
            Contingency table = new(experts, labels);
            double[,] joint = new double[experts, labels];
            for (int cell = 0; cell < experts * labels; cell++)
            {
                table.Add(cell / labels, cell % labels, counts[cell]);
                joint[cell / labels, cell % labels] = counts[cell];
            }

            double total = joint.Cast<double>().Sum();
            double Entropy(IEnumerable<double> values) => values.Where(value => value > 0).Sum(value => -value / total * Math.Log2(value / total));
            double expected = total == 0 ? 0
                : Entropy(Enumerable.Range(0, experts).Select(e => Enumerable.Range(0, labels).Sum(l => joint[e, l])))
                + Entropy(Enumerable.Range(0, labels).Select(l => Enumerable.Range(0, experts).Sum(e => joint[e, l])))
                - Entropy(joint.Cast<double>());
            Assert.Equal(expected, table.MutualInformation(), 1e-9);
        });

    [Fact]
    public void Independent_choices_have_on_average_the_information_of_the_bias()
    {
        Numerics.Randomness.Xoshiro256 random = new(3);
        double information = 0;
        double bias = 0;
        for (int trial = 0; trial < 200; trial++)
        {
            Contingency table = new(4, 3);
            for (int i = 0; i < 600; i++)
            {
                table.Add(random.NextInt32(4), random.NextInt32(3));
            }

            information += table.MutualInformation() / 200;
            bias += table.Bias() / 200;
        }

        Assert.Equal(bias, information, bias * 0.15);
    }

    [Fact]
    public void Tokens_are_sorted_by_what_they_are()
    {
        // Without merges every character is a token of its own.
        ByteLevelBpeTokenizer bytes = BpeTrainer.Train(["a"], new BpeTrainerOptions { VocabularySize = 257 });
        TokenKind[] kinds = new TokenKinds(bytes).Of(bytes.Encode("ab 7!", addSpecialTokens: false));
        Assert.Equal([TokenKind.WordStart, TokenKind.WordPiece, TokenKind.WhiteSpace, TokenKind.Digit, TokenKind.Punctuation], kinds);
        int special = Enumerable.Range(0, _tokenizer.VocabularySize).First(_tokenizer.IsSpecial);
        Assert.Equal([TokenKind.Special], new TokenKinds(_tokenizer).Of([special]));
    }

    [Fact]
    public void What_the_corpus_says_of_documents_is_set_beside_chance_and_the_same_seed_gives_the_same()
    {
        using RandomCheckpoint model = new(SmallModels.Top2Normalized with { VocabularySize = _tokenizer.VocabularySize }, seed: 6);
        using Engine engine = Engine.Open(model);
        CorpusDocument[] documents = [.. Enumerable.Range(0, 24).Select(index => new CorpusDocument(index % 2 == 0 ? "12 34 56 78" : "Mia has a red kite.", "x", index)
        {
            Labels = new DocumentLabels(index % 2 == 0 ? "sums" : "stories", "plain", null),
        })];
        Specialization one = Assert.Single(new RouteMeter(engine, _tokenizer).Measure(documents).Layers[0].Specializations, special => special.About == "kind");
        Assert.Equal(2, one.Labels);
        Assert.True(one.MutualInformation > 2 * one.Baseline, $"{one}");
        Assert.Equal(one, new RouteMeter(engine, _tokenizer).Measure(documents).Layers[0].Specializations.Single(special => special.About == "kind"));
    }

    [Fact]
    public void A_dense_model_has_no_routes()
    {
        using RandomCheckpoint model = new(SmallModels.Dense with { VocabularySize = _tokenizer.VocabularySize }, seed: 5);
        using Engine engine = Engine.Open(model);
        Assert.Contains("dense", Assert.Throws<InvalidInputException>(() => new RouteMeter(engine, _tokenizer)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Silenced_experts_are_experts_whose_output_is_zero()
    {
        using TemporaryFolder folder = new();
        ModelConfig config = SmallModels.Residual with { VocabularySize = _tokenizer.VocabularySize };
        using RandomCheckpoint random = new(config, seed: 8);
        GgufWriter.Write(folder["a.gguf"], config, TensorSource.From(random), _tokenizer);
        using Checkpoint model = Checkpoint.Open(folder["a.gguf"]);
        ExpertAblation ablation = new(model, Texts);
        double whole = ablation.Measure([]).Loss;
        double without = ablation.Measure([1]).Loss;
        for (int expert = 0; expert < config.FeedForwards[1].Moe!.ExpertCount; expert++)
        {
            random.SetTensor(TensorNames.ExpertDown(1, expert), config.HiddenSize, 32, new float[config.HiddenSize * 32]);
        }

        using Engine engine = Engine.Open(random);
        Assert.Equal(new PerplexityEvaluator(engine, _tokenizer).Evaluate(Texts).Loss, without, 1e-9);
        Assert.NotEqual(whole, without);
        Assert.Throws<InvalidInputException>(() => ablation.Measure([2]));
    }

    private static IEnumerable<CorpusDocument> Documents() => Texts.Select((text, index) => new CorpusDocument(text, "texts", index + 1));
}
