using System.Text;
using Moiety.Experiments.Running;
using Moiety.Models;

namespace Moiety.Experiments.Tests.Running;

public class TrainingLogTests
{
    [Fact]
    public void Times_and_operations_are_those_of_the_steps_before_each_evaluation()
    {
        TrainingLog log = Read(
            """{"step":2,"tokens":200,"kd":1.5,"tokens_per_second":100,"tokens_per_cpu_second":50}""",
            """{"step":2,"validation_ce":5,"validation_ce_with_drops":5.5}""",
            """{"step":4,"tokens":400,"tokens_per_second":400,"tokens_per_cpu_second":null}""",
            """{"step":4,"validation_ce":4,"validation_ce_with_drops":4.5}""");
        Assert.Equal([new CurvePoint(2, 200, 200 * 13.0, 2, 4, 5), new CurvePoint(4, 400, (200 * 13.0) + (200 * 10.0), 2.5, 4, 4)], log.Curve);
        Assert.Equal((2.5, 4.0, 4.5), (log.Seconds, log.ProcessorSeconds, log.LossWithDrops));
        Assert.Empty(log.ExpertLoads);
    }

    [Fact]
    public void An_evaluation_that_was_made_twice_counts_once()
    {
        TrainingLog log = Read(
            """{"step":2,"tokens":200,"tokens_per_second":100,"tokens_per_cpu_second":50}""",
            """{"step":2,"validation_ce":5,"validation_ce_with_drops":5}""",
            """{"step":2,"validation_ce":4.9,"validation_ce_with_drops":4.9}""");
        Assert.Equal(4.9, Assert.Single(log.Curve).Loss);
    }

    [Fact]
    public void Loads_and_drops_are_means_of_the_last_quarter()
    {
        TrainingLog log = Read([.. Enumerable.Range(1, 8).Select(step =>
            $$"""{"step":{{step}},"tokens":{{step * 100}},"tokens_per_second":1,"tokens_per_cpu_second":1,"dropped":0.{{step}},"load":{"3":[0.{{step}},0.{{10 - step}}] } }""")]);
        Assert.Equal(0.75, log.Dropped, 9);
        ExpertLoad load = Assert.Single(log.ExpertLoads);
        Assert.Equal(3, load.Layer);
        Assert.Equal([0.75, 0.25], load.Shares);
        Assert.Equal(0.5, load.Variation, 9);
    }

    [Fact]
    public void A_malformed_line_is_refused_by_file() =>
        Assert.Contains("metrics.jsonl", Assert.Throws<InvalidInputException>(() => Read("""{"step":1}""")).Message, StringComparison.Ordinal);

    private static TrainingLog Read(params string[] lines)
    {
        using TemporaryFolder folder = new();
        return TrainingLog.Read(folder.Write("metrics.jsonl", Encoding.UTF8.GetBytes(string.Join('\n', lines))), flopsPerToken: 10, teacherFlopsPerToken: 3);
    }
}
