using Moiety.Decoding.Encoders;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Inference.Steps;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Quantization;
using Moiety.Numerics.Formats;

namespace Moiety.Decoding.Tests.Encoders;

/// <summary>From text to vector.</summary>
public class EmbeddingModelTests
{
    private const string Modules = """
        [
          {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
          {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}
        ]
        """;

    private static readonly string[] Texts = ["The cat sat on the mat.", "the dog ran", "", "Running, running: it was good!", "kites"];

    public static TheoryData<string> Fixtures => ["bert", "roberta", "mpnet", "deberta-v2", "deberta-v3"];

    [Theory]
    [InlineData(EmbeddingPooling.Mean)]
    [InlineData(EmbeddingPooling.First)]
    [InlineData(EmbeddingPooling.Last)]
    public void A_vector_is_what_pooling_makes_of_the_states(EmbeddingPooling pooling)
    {
        using EncoderFolder folder = new("bert");
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        using Engine engine = Open(checkpoint);
        int[] ids = [.. ((string[])["[CLS]", "the", "cat", "sat", "on", "the", "mat", ".", "[SEP]"]).Select(EncoderFolder.Id)];
        float[][] states = States(engine, ids);
        double[] expected = [.. Enumerable.Range(0, 32).Select(index => pooling switch
        {
            EmbeddingPooling.First => states[0][index],
            EmbeddingPooling.Last => states[^1][index],
            _ => states.Average(state => (double)state[index]),
        })];
        EmbeddingModel model = new(checkpoint, engine, new() { Pooling = pooling, Normalize = false });
        AssertClose(expected, model.Embed("The cat sat on the mat."));
        double length = Math.Sqrt(expected.Sum(value => value * value));
        AssertClose([.. expected.Select(value => value / length)], new EmbeddingModel(checkpoint, engine, new() { Pooling = pooling }).Embed("the CAT sat on the mat."));
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void A_text_has_the_same_vector_alone_and_among_others(string fixture)
    {
        using EncoderFolder folder = new(fixture);
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        using Engine engine = Open(checkpoint);
        EmbeddingModel model = new(checkpoint, engine);
        float[][] together = model.Embed(Texts, TestContext.Current.CancellationToken);
        Assert.Equal(together, Texts.Select(text => model.Embed(text)));
        Assert.All(together, vector => Assert.InRange(EmbeddingModel.Similarity(vector, vector), 0.99999f, 1));
    }

    [Theory]
    [InlineData("Q8_0", 0.99)]
    [InlineData("Q4_0", 0.9)]
    [InlineData("F16", 0.9999)]
    public void Quantized_encoders_give_nearly_the_same_vectors(string format, double similarity)
    {
        foreach (string fixture in Fixtures.Select(row => row.Data))
        {
            using EncoderFolder folder = new(fixture);
            using TemporaryFolder output = new();
            using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
            QuantizationPolicy policy = new() { Format = StorageFormats.ByName(format) };
            GgufWriter.Write(output["model.gguf"], checkpoint.Config, TensorSource.From(checkpoint), null, new() { FormatFor = policy.For }, cancellationToken: TestContext.Current.CancellationToken);
            using Checkpoint quantized = Checkpoint.Open(output["model.gguf"]);
            using Engine exact = Open(checkpoint);
            using Engine rough = Open(quantized);
            int[] ids = [2, 5, 7, 12, 14, 5, 15, 24, 3];
            double product = States(exact, ids).Zip(States(rough, ids), (first, second) => EmbeddingModel.Similarity(first, second)).Min();
            Assert.InRange(product, similarity, 1);
        }
    }

    [Fact]
    public void The_modules_of_sentence_transformers_are_followed()
    {
        using EncoderFolder folder = new(
            "bert", ("modules.json", Modules), ("1_Pooling/config.json", """{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"""),
            ("sentence_bert_config.json", """{"max_seq_length": 6}"""));
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        using Engine engine = Open(checkpoint);
        EmbeddingModel model = new(checkpoint, engine);
        Assert.Equal((EmbeddingPooling.First, false, 6), (model.Pooling, model.Normalizes, model.MaxTokens));

        // What is longer loses its end, and keeps the token after it.
        Assert.Equal(model.Embed("the cat sat on"), model.Embed("the cat sat on the mat and on the dog"));
    }

    [Fact]
    public void Without_pooling_every_token_has_a_vector()
    {
        using EncoderFolder folder = new("bert");
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        using Engine engine = Open(checkpoint);
        EmbeddingModel model = new(checkpoint, engine, new() { Pooling = EmbeddingPooling.None });
        Assert.Equal(5, model.EmbedTokens("the cat sat", TestContext.Current.CancellationToken).Length);
        Assert.Throws<InvalidInputException>(() => model.Embed("the cat sat"));
    }

    [Fact]
    public void A_model_that_generates_is_refused_unless_a_pooling_is_chosen()
    {
        using RandomModelFixture model = new();
        using RandomCheckpoint checkpoint = new(model.Engine.Config, seed: 5);
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => new EmbeddingModel(checkpoint, model.Engine));
        Assert.Contains("generates text", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_encoder_generates_nothing()
    {
        using EncoderFolder folder = new("bert");
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        using Engine engine = Open(checkpoint);
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => new TextGenerator(engine, checkpoint.Tokenizer!));
        Assert.Contains("encoder", error.Message, StringComparison.Ordinal);
    }

    private static Engine Open(Checkpoint checkpoint) => Engine.Open(checkpoint, new() { Threads = 2, KeyValueFormat = KeyValueFormat.F32 });

    private static float[][] States(Engine engine, int[] ids)
    {
        using KvCache cache = engine.CreateCache();
        int depth = engine.Config.LayerCount + 1;
        Batch batch = new();
        batch.Add(cache, ids, LogitsWanted.None, new ForwardPlan { HiddenStates = [depth] });
        StepResult result = engine.Step(batch);
        return [.. ids.Select((_, position) => result.HiddenState(0, depth, position).ToArray())];
    }

    private static void AssertClose(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }
}
