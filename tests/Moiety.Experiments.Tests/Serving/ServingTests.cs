using Moiety.Experiments.Claims;
using Moiety.Experiments.Definitions;
using Moiety.Experiments.Reports;
using Moiety.Experiments.Serving;

namespace Moiety.Experiments.Tests.Serving;

public class ServingTests
{
    private const string Shapes = """
        "batches": [1, 3], "depth": 4, "steps": 2, "repetitions": 2, "format": "F32",
        "shapes": {
          "plain": { "vocabulary_size": 50, "model": { "hidden_size": 32, "heads": 2, "context_length": 16, "layers": [{ "intermediate_size": 64 }] } },
          "routed": { "about": "8 experts", "vocabulary_size": 50, "model": { "hidden_size": 32, "heads": 2, "context_length": 16, "layers": [{ "experts": 8, "expert_size": 64 }] } },
        },
        "claims": [{ "model": "routed", "against": "plain", "batch": 3, "at_least": 0.0001 }]
        """;

    [Fact]
    public void Models_of_random_weights_are_timed_with_every_batch()
    {
        using TemporaryFolder folder = new();
        Experiment experiment = TinyExperiment.Read(TinyExperiment.WithServing(Shapes));
        ServingBenchmark.Run(experiment.Serving!, [], threads: 1).Write(folder.Path);
        ServingResult result = ServingResult.Read(folder.Path)!;
        Assert.Equal([("plain", 1), ("routed", 1), ("plain", 3), ("routed", 3)], result.Measurements.Select(measured => (measured.Model, measured.Batch)));
        Assert.All(result.Measurements, measured =>
        {
            Assert.Equal(2, measured.StepSeconds.Length);
            Assert.All(measured.StepSeconds, seconds => Assert.True(seconds > 0));
        });

        // A dense model reads all its weights whatever the batch, and the keys and values of 4 tokens before and 1.5 of the two steps on average.
        const double Weights = (50 * 32) + (4 * 32 * 32) + (3 * 32 * 64) + (3 * 32);
        const double KeyValues = 2 * 32 * 2;
        Assert.Equal((Weights * 4) + (5.5 * KeyValues), result.Measurements[0].BytesPerStep, 6);
        Assert.Equal((Weights * 4) + (3 * 5.5 * KeyValues), result.Measurements[2].BytesPerStep, 6);

        // One token reads one expert; three read 8 (1 - (7/8)^3) of them on average.
        const double Expert = 3 * 32 * 64 * 4;
        Assert.Equal(Expert * ((8 * (1 - Math.Pow(7 / 8.0, 3))) - 1), result.Measurements[3].BytesPerStep - result.Measurements[1].BytesPerStep - (2 * 5.5 * KeyValues), 6);

        ExperimentReport report = ExperimentReport.From(experiment, [], result);
        Assert.Equal(Verdict.Holds, report.Claims[^1].Verdict);
        ReportFolder.Write(report, folder.Path);
        string text = File.ReadAllText(folder["report.md"]);
        Assert.Contains("`routed`: 8 experts", text, StringComparison.Ordinal);
        Assert.Contains("| routed | random |", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Times_are_compared_repetition_by_repetition()
    {
        ServingMeasurement slow = Measured("slow", 4, 2, 8);
        ServingMeasurement fast = Measured("fast", 4, 1, 2);
        Assert.Equal(Math.Sqrt(2 * 4), slow.TimesOf(fast).Mean, 9);
        Assert.Equal(4 / Math.Sqrt(2 * 8), slow.TokensPerSecond, 9);
        ServingClaim claim = new("slow", "fast", 4, new Bound(3, null));
        Assert.Equal(Verdict.DoesNotHold, claim.Check([slow, fast]).Verdict);
        Assert.Equal(Verdict.NotMeasured, (claim with { Batch = 1 }).Check([slow, fast]).Verdict);
    }

    private static ServingMeasurement Measured(string model, int batch, params double[] seconds) => new()
    {
        Model = model,
        IsTrained = false,
        Parameters = 1,
        ActiveParameters = 1,
        Batch = batch,
        BytesPerStep = 100,
        StepSeconds = [.. seconds],
    };
}
