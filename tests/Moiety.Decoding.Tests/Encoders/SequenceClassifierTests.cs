using Moiety.Decoding.Encoders;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Steps;
using Moiety.Models;
using Moiety.Models.Checkpoints;

namespace Moiety.Decoding.Tests.Encoders;

/// <summary>From text to classes.</summary>
public class SequenceClassifierTests
{
    public static TheoryData<string> Fixtures => ["bert-classifier", "roberta-classifier", "deberta-v3-classifier"];

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Probabilities_are_the_softmax_of_the_logits_the_likeliest_first(string fixture)
    {
        using EncoderFolder folder = new(fixture);
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        using Engine engine = Open(checkpoint);
        Classification result = new SequenceClassifier(checkpoint, engine).Classify("it was not good!", cancellationToken: TestContext.Current.CancellationToken);
        double total = result.Labels.Sum(label => Math.Exp(label.Logit));
        Assert.All(result.Labels, label => Assert.Equal(Math.Exp(label.Logit) / total, label.Score, 1e-5));
        Assert.Equal(result.Labels.OrderByDescending(label => label.Score), result.Labels);
        Assert.Equal(["calm", "merry", "sad"], result.Labels.Select(label => label.Label).Order(StringComparer.Ordinal));
        Assert.Equal(result.Best, result.Labels[0]);
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void A_pair_has_the_same_scores_alone_and_among_others(string fixture)
    {
        using EncoderFolder folder = new(fixture);
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        using Engine engine = Open(checkpoint);
        SequenceClassifier classifier = new(checkpoint, engine);
        (string, string?)[] texts = [("who wrote it?", "the cat wrote it."), ("good", null), ("bad", ""), ("who?", "a red kite, a blue kite, a dog")];
        IReadOnlyList<Classification> together = classifier.Classify(texts, TestContext.Current.CancellationToken);
        for (int index = 0; index < texts.Length; index++)
        {
            Assert.Equal(classifier.Classify(texts[index].Item1, texts[index].Item2).Labels, together[index].Labels);
        }
    }

    // Ids and types by hand: [CLS] who ? [SEP] a cat [SEP], 0 0 0 0 1 1 1.
    [Fact]
    public void The_second_text_has_the_second_token_type()
    {
        using EncoderFolder folder = new("bert-classifier");
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        using Engine engine = Open(checkpoint);
        int[] ids = [.. ((string[])["[CLS]", "who", "?", "[SEP]", "a", "cat", "[SEP]"]).Select(EncoderFolder.Id)];
        float[] expected = Logits(checkpoint, engine, ids, [0, 0, 0, 0, 1, 1, 1]);
        Classification result = new SequenceClassifier(checkpoint, engine).Classify("who?", "a cat", TestContext.Current.CancellationToken);
        Assert.Equal(expected.OrderDescending(), result.Labels.Select(label => label.Logit));
        Assert.NotEqual(expected, Logits(checkpoint, engine, ids, [0, 0, 0, 0, 0, 0, 0]));
    }

    [Theory]
    [InlineData("multi_label_classification")]
    [InlineData("regression")]
    public void Other_problems_have_other_scores(string problem)
    {
        using EncoderFolder folder = new("bert-classifier");
        string config = Path.Combine(folder.Path, "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"model_type\"", $"\"problem_type\": \"{problem}\", \"model_type\"", StringComparison.Ordinal));
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        using Engine engine = Open(checkpoint);
        Assert.All(new SequenceClassifier(checkpoint, engine).Classify("a cat", cancellationToken: TestContext.Current.CancellationToken).Labels, label =>
            Assert.Equal(problem == "regression" ? label.Logit : 1 / (1 + Math.Exp(-label.Logit)), label.Score, 1e-5));
    }

    [Theory]
    [InlineData(60, 60)]
    [InlineData(60, 3)]
    [InlineData(3, 60)]
    [InlineData(25, 60)]
    public void Of_two_texts_that_are_too_long_the_longer_one_is_cut(int first, int second)
    {
        using EncoderFolder folder = new("bert-classifier");
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        using Engine engine = Open(checkpoint);
        string[] firstWords = [.. Enumerable.Range(0, first).Select(word => word % 3 == 0 ? "cat" : "red")];
        string[] secondWords = [.. Enumerable.Range(0, second).Select(word => word % 4 == 0 ? "dog" : "blue")];
        (int keptFirst, int keptSecond) = (first, second);
        while (keptFirst + keptSecond + 3 > checkpoint.Config.ContextLength)
        {
            _ = keptFirst > keptSecond ? keptFirst-- : keptSecond--;
        }

        SequenceClassifier classifier = new(checkpoint, engine);
        Assert.Equal(
            classifier.Classify(string.Join(' ', firstWords.Take(keptFirst)), string.Join(' ', secondWords.Take(keptSecond))).Labels,
            classifier.Classify(string.Join(' ', firstWords), string.Join(' ', secondWords)).Labels);
    }

    [Fact]
    public void A_model_without_a_classification_head_is_refused()
    {
        using EncoderFolder folder = new("bert");
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        using Engine engine = Open(checkpoint);
        Assert.Contains("no classification head", Assert.Throws<InvalidInputException>(() => new SequenceClassifier(checkpoint, engine)).Message, StringComparison.Ordinal);
    }

    private static Engine Open(Checkpoint checkpoint) => Engine.Open(checkpoint, new() { Threads = 1, KeyValueFormat = KeyValueFormat.F32 });

    private static float[] Logits(Checkpoint checkpoint, Engine engine, int[] ids, int[] types)
    {
        using KvCache cache = engine.CreateCache();
        int depth = engine.Config.LayerCount + 1;
        Batch batch = new();
        batch.Add(cache, ids, LogitsWanted.None, new() { HiddenStates = [depth], TokenTypeIds = [.. types] });
        return new ClassificationHead(checkpoint).Run(engine.Step(batch).HiddenState(0, depth, 0));
    }
}
