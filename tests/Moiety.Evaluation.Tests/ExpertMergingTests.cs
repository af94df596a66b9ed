using System.Collections.Immutable;
using System.Numerics.Tensors;
using Moiety.Evaluation.Routing;
using Moiety.Evaluation.Scoring;
using Moiety.Inference;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Experts;
using Moiety.Models.Tokenizers;

namespace Moiety.Evaluation.Tests;

/// <summary>What merging keeps, and the measures that it goes by, against recounts in double precision.</summary>
public class ExpertMergingTests
{
    private static readonly string[] Texts = ["Mia has 3 red kites, and Tom has 12.", "7 + 5 = 12"];

    private readonly ByteLevelBpeTokenizer _tokenizer = BpeTrainer.Train(["Mia has a red kite. Tom has a blue kite."], new BpeTrainerOptions { VocabularySize = 290 });

    [Fact]
    public void Equal_experts_with_normalized_weights_lose_nothing()
    {
        using RandomCheckpoint model = WithEqualExperts(SmallModels.Top2Normalized with { VocabularySize = _tokenizer.VocabularySize });
        MergePlan plan = ExpertMerging.Plan(model.Config, ExpertBudget.Parse("3"), ExpertMerging.RouterRows(model), Use(model.Config));
        foreach (bool align in (bool[])[false, true])
        {
            using Checkpoint merged = ExpertMerging.Apply(model, plan, new MergeOptions { Align = align });
            AssertNear(Logits(model), Logits(merged), 1e-5);
        }
    }

    [Fact]
    public void Equal_experts_with_normalized_weights_are_a_dense_model()
    {
        using RandomCheckpoint model = WithEqualExperts(SmallModels.Top2Normalized with { VocabularySize = _tokenizer.VocabularySize });
        using TokenizedCheckpoint tokenized = new(model, _tokenizer);
        ModelConfig config = Densification.Describe(model.Config);
        Assert.Equal("llama", config.Family);
        foreach (bool mostUsed in (bool[])[false, true])
        {
            ImmutableSortedDictionary<int, DenseLayer> layers = MeanBranchWeights.Measure(tokenized, ["Mia has a red kite."], mostUsed, Engines.Small);
            Assert.All(layers.Values, layer => Assert.Equal(1, layer.ExpertScale, 1e-6));
            using Checkpoint dense = Densification.Apply(model, config, layers);
            AssertNear(Logits(model), Logits(dense), 1e-5);
        }
    }

    [Fact]
    public void Shared_experts_stand_beside_the_one_that_is_left()
    {
        MoeConfig moe = SmallModels.Top2Normalized.FeedForwards[0].Moe! with { SharedIntermediateSize = 64 };
        ModelConfig config = SmallModels.Top2 with { VocabularySize = _tokenizer.VocabularySize, FeedForwards = [.. Enumerable.Repeat(new FeedForwardConfig { IntermediateSize = 0, Moe = moe }, 2)] };
        using RandomCheckpoint model = WithEqualExperts(config);
        using TokenizedCheckpoint tokenized = new(model, _tokenizer);
        ModelConfig described = Densification.Describe(config);
        Assert.All(described.FeedForwards, layer => Assert.Equal(96, layer.IntermediateSize));
        using Checkpoint dense = Densification.Apply(model, described, MeanBranchWeights.Measure(tokenized, ["Mia has a red kite."], mostUsed: false, Engines.Small));
        AssertNear(Logits(model), Logits(dense), 1e-5);
    }

    [Fact]
    public void Mean_weights_of_branches_are_those_of_a_recount()
    {
        ModelConfig config = SmallModels.Residual with { VocabularySize = _tokenizer.VocabularySize };
        using RandomCheckpoint model = new(config, seed: 5);
        using TokenizedCheckpoint tokenized = new(model, _tokenizer);
        ImmutableSortedDictionary<int, DenseLayer> layers = MeanBranchWeights.Measure(tokenized, Texts, mostUsed: false, Engines.Small);
        ReferenceOutput[] outputs = [.. Texts.Select(text => new ReferenceDecoder(model).Forward(_tokenizer.Encode(text)))];
        int tokens = outputs.Sum(output => output.Logits.Length);
        foreach ((int layer, DenseLayer dense) in layers)
        {
            double[] weights = new double[4];
            foreach (ReferenceRouting token in outputs.SelectMany(output => output.Routing[layer]))
            {
                weights[token.Experts[0]] += token.Weights[0];
            }

            Assert.Equal(weights.Sum() / tokens, dense.ExpertScale / (1 - dense.BranchScale), 1e-4);
            Assert.InRange(dense.BranchScale, 0.1, 0.9);
            for (int expert = 0; expert < 4; expert++)
            {
                Assert.Equal(weights[expert] / weights.Sum(), dense.Shares[expert], 1e-5);
            }
        }

        // A coefficient of 0 with a known bias is the same for every token.
        model.SetTensor(TensorNames.Coefficient(0), 2, config.HiddenSize, new float[2 * config.HiddenSize]);
        model.SetTensor(TensorNames.CoefficientBias(0), 1, 2, [1, 0]);
        Assert.Equal(1 / (1 + Math.E), MeanBranchWeights.Measure(tokenized, Texts, mostUsed: true, Engines.Small)[0].BranchScale, 1e-6);
    }

    [Fact]
    public void Mean_outputs_are_those_of_every_expert_over_all_tokens()
    {
        ModelConfig config = SmallModels.Top1 with { VocabularySize = _tokenizer.VocabularySize };
        using RandomCheckpoint model = new(config, seed: 5);
        using TokenizedCheckpoint tokenized = new(model, _tokenizer);
        ImmutableSortedDictionary<int, ImmutableArray<float[]>> outputs = ExpertOutputs.Measure(tokenized, Texts, Engines.Small);
        int layer = 1;
        for (int expert = 0; expert < 4; expert++)
        {
            double[] mean = new double[config.HiddenSize];
            int tokens = 0;
            foreach (string text in Texts)
            {
                ReferenceOutput reference = new ReferenceDecoder(model).Forward(_tokenizer.Encode(text));
                for (int token = 0; token < reference.Logits.Length; token++, tokens++)
                {
                    double[] output = OutputOf(model, layer, expert, reference.Routing[layer][token].Input);
                    for (int index = 0; index < mean.Length; index++)
                    {
                        mean[index] += output[index];
                    }
                }
            }

            for (int index = 0; index < mean.Length; index++)
            {
                Assert.Equal(mean[index] / tokens, outputs[layer][expert][index], 1e-4);
            }
        }
    }

    private static double[] OutputOf(RandomCheckpoint model, int layer, int expert, double[] input)
    {
        double[] gate = Product(model.Values(TensorNames.ExpertGate(layer, expert)), input);
        double[] up = Product(model.Values(TensorNames.ExpertUp(layer, expert)), input);
        return Product(model.Values(TensorNames.ExpertDown(layer, expert)), [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)]);
    }

    private static double[] Product(float[] matrix, double[] input) =>
        [.. Enumerable.Range(0, matrix.Length / input.Length).Select(row => input.Select((value, column) => value * matrix[(row * input.Length) + column]).Sum())];

    private static RandomCheckpoint WithEqualExperts(ModelConfig config)
    {
        RandomCheckpoint model = new(config, seed: 5);
        foreach (TensorSpec tensor in TensorCatalog.For(config).Where(tensor => tensor.Expert > 0))
        {
            model.SetTensor(tensor.Name, tensor.Rows, tensor.Columns, model.Values(tensor.Name.Replace($".experts.{tensor.Expert}.", ".experts.0.", StringComparison.Ordinal)));
        }

        return model;
    }

    private static Dictionary<int, ImmutableArray<double>> Use(ModelConfig config) => Enumerable.Range(0, config.LayerCount)
        .ToDictionary(layer => layer, layer => ImmutableArray.CreateRange(Enumerable.Range(1, config.FeedForwards[layer].Moe!.ExpertCount).Select(count => (double)count)));

    private static float[] Logits(Checkpoint model)
    {
        using Engine engine = Engine.Open(model, Engines.Small);
        List<float> all = [];
        LogitsReader.Read(engine, RandomTokens.Draw(1, 40, 100), 0, (_, logits) => all.AddRange(logits));
        return [.. all];
    }

    private static void AssertNear(float[] expected, float[] actual, double tolerance)
    {
        double range = TensorPrimitives.Max<float>(expected) - TensorPrimitives.Min<float>(expected);
        double worst = expected.Zip(actual, (a, b) => Math.Abs((double)a - b)).Max();
        Assert.True(worst <= tolerance * range, $"{worst / range:e2} of the range");
    }
}
