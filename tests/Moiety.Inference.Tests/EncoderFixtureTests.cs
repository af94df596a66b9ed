using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Inference.Steps;
using Moiety.Models.Checkpoints;

namespace Moiety.Inference.Tests;

/// <summary>Encoders compute what Hugging Face's own code computed for the same checkpoint.</summary>
public class EncoderFixtureTests
{
    // Relative to the range of what is expected; both compute in single precision. Largest seen: 4e-7, and 7e-6 for a logit near 0.
    private const double Tolerance = 2e-6;
    private const double LogitTolerance = 1e-5;

    public static TheoryData<string> Fixtures =>
        ["bert", "bert-classifier", "distilbert-classifier", "xlm-roberta-classifier", "roberta", "roberta-classifier", "mpnet", "deberta-v2", "deberta-v2-conv", "deberta-v3", "deberta-v3-classifier"];

    public static TheoryData<string> Classifiers => ["bert-classifier", "distilbert-classifier", "roberta-classifier", "xlm-roberta-classifier", "deberta-v3-classifier"];

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Hidden_states_are_those_of_transformers(string name)
    {
        TransformersFixture fixture = TransformersFixture.Open(name);
        using Checkpoint checkpoint = Checkpoint.Open(fixture.Path);
        using Engine engine = Open(checkpoint);
        double largest = Enumerable.Range(0, fixture.Count).Max(input => Distance(
            fixture.Output(input, "last_hidden_state"), Run(engine, [fixture.InputIds(input)], [fixture.TokenTypeIds(input)])[0]));
        Assert.InRange(largest, 0, Tolerance);
    }

    [Theory]
    [MemberData(nameof(Classifiers))]
    public void Class_logits_are_those_of_transformers(string name)
    {
        TransformersFixture fixture = TransformersFixture.Open(name);
        using Checkpoint checkpoint = Checkpoint.Open(fixture.Path);
        using Engine engine = Open(checkpoint);
        ClassificationHead head = new(checkpoint);
        double largest = Enumerable.Range(0, fixture.Count).Max(input => Distance(
            fixture.Output(input, "logits"),
            head.Run(Run(engine, [fixture.InputIds(input)], [fixture.TokenTypeIds(input)])[0].AsSpan(0, engine.Config.HiddenSize))));
        Assert.InRange(largest, 0, LogitTolerance);
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Every_bit_is_the_same_alone_and_in_a_batch_whatever_the_threads(string name)
    {
        TransformersFixture fixture = TransformersFixture.Open(name);
        using Checkpoint checkpoint = Checkpoint.Open(fixture.Path);
        int[][] ids = [.. Enumerable.Range(0, fixture.Count).Select(fixture.InputIds)];
        int[][] types = [.. Enumerable.Range(0, fixture.Count).Select(fixture.TokenTypeIds)];
        using Engine one = Open(checkpoint);
        float[][] alone = [.. Enumerable.Range(0, ids.Length).Select(input => Run(one, [ids[input]], [types[input]])[0])];
        using Engine three = Open(checkpoint, threads: 3, pageSize: 8);
        Assert.Equal(alone, Run(three, ids, types));
        Assert.Equal(alone.Reverse(), Run(three, [.. ids.Reverse()], [.. types.Reverse()]));
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Keys_and_values_may_be_stored_in_half_precision(string name)
    {
        TransformersFixture fixture = TransformersFixture.Open(name);
        using Checkpoint checkpoint = Checkpoint.Open(fixture.Path);
        using Engine engine = Open(checkpoint, format: KeyValueFormat.F16);
        int last = fixture.Count - 1;
        float[] actual = Run(engine, [fixture.InputIds(last)], [fixture.TokenTypeIds(last)])[0];
        Assert.InRange(Distance(fixture.Output(last, "last_hidden_state"), actual), 0, 2e-3);
    }

    private static Engine Open(Checkpoint checkpoint, int threads = 1, int pageSize = 64, KeyValueFormat format = KeyValueFormat.F32) => Engine.Open(checkpoint, new()
    {
        Threads = threads,
        PageSize = pageSize,
        KeyValueFormat = format,
        ContextLength = checkpoint.Config.LearnedPositions > 0 ? null : 128,
    });

    private static float[][] Run(Engine engine, int[][] ids, int[][] types)
    {
        int depth = engine.Config.LayerCount + 1;
        Batch batch = new();
        List<KvCache> caches = [];
        for (int slice = 0; slice < ids.Length; slice++)
        {
            ForwardPlan plan = new() { HiddenStates = [depth], TokenTypeIds = types[slice].Length > 0 ? [.. types[slice]] : default };
            caches.Add(engine.CreateCache());
            batch.Add(caches[slice], ids[slice], LogitsWanted.None, plan);
        }

        StepResult result = engine.Step(batch);
        float[][] states = [.. ids.Select((tokens, slice) => tokens.SelectMany((_, position) => result.HiddenState(slice, depth, position).ToArray()).ToArray())];
        caches.ForEach(cache => cache.Dispose());
        return states;
    }

    // The largest difference, relative to the range of what is expected, 0 included.
    private static double Distance(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double range = Math.Max(expected.Max(), 0) - Math.Min(expected.Min(), 0);
        return expected.Zip(actual, (wanted, found) => Math.Abs((double)wanted - found) / range).Max();
    }
}
