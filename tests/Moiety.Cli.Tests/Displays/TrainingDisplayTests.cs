using System.Collections.Immutable;
using Moiety.Cli.Displays.Training;
using Moiety.Models;
using Moiety.Training;
using Moiety.Training.Routing;
using Spectre.Console;

namespace Moiety.Cli.Tests.Displays;

/// <summary>The picture of a training shows what it knows, from the first moment on, and its log becomes a curve.</summary>
public class TrainingDisplayTests
{
    [Fact]
    public void Every_stage_has_a_picture()
    {
        TrainingDisplay display = new("moiety train recipe.json");
        Assert.Contains("preparing", Show(display), StringComparison.Ordinal);
        display.Update(new TrainingProgress { Stage = "tokenizing", Tokens = 1_234_567 });
        Assert.Contains("1,234,567 tokens", Show(display), StringComparison.Ordinal);
        for (int step = 1; step <= 100; step++)
        {
            display.Update(new TrainingProgress
            {
                Stage = "training",
                Step = step,
                Steps = 200,
                Completed = step / 200.0,
                CrossEntropy = 6 - (step / 50.0),
                RouterLosses = [new RouterLossMean("balance", 1.02)],
                TokensPerSecond = 3456.7,
                Elapsed = TimeSpan.FromSeconds(step),
                Routers = [new RouterLoad(1, [0.5, 0.25, 0.25, 0], 0.125)],
            });
        }

        display.Update(new TrainingProgress
        {
            Stage = "evaluating",
            Step = 100,
            Steps = 200,
            Completed = 0.5,
            Elapsed = TimeSpan.FromSeconds(100),
            Validation = new EvaluationResult(Math.Log(3.25), Math.Log(3.5), 1000),
        });
        string picture = Show(display);
        Assert.All(
            (string[])["50.0 %", "step 100 of 200", "1:40 so far, 1:40 left", "4.0000 nats", "█▇", "3,457 tokens/s", "perplexity 3.250", "layer 1", "█▄▄ ", "dropped 12.5 %"],
            part => Assert.Contains(part, picture, StringComparison.Ordinal));
    }

    [Fact]
    public void A_line_of_characters_keeps_the_course_of_long_series()
    {
        Assert.Equal("▁█", Sparkline.Of([1, 2], 10));
        Assert.Equal("", Sparkline.Of([], 10));
        Assert.Equal("▁▁", Sparkline.Of([3, 3], 10));
        Assert.Equal("█▁!", Sparkline.Of([2, 1, double.NaN], 10));
        string falling = Sparkline.Of([.. Enumerable.Range(0, 1000).Select(step => 1.0 / (step + 1))], 8);
        Assert.Equal(8, falling.Length);
        Assert.Equal(falling, string.Concat(falling.OrderDescending()));
    }

    [Fact]
    public void The_log_of_a_run_becomes_a_curve()
    {
        string folder = Directory.CreateTempSubdirectory("moiety-curve-").FullName;
        try
        {
            string log = Path.Combine(folder, "metrics.jsonl");
            File.WriteAllLines(log, Enumerable.Range(1, 20).Select(step => $$"""{"step":{{step}},"ce":{{5.0 / step}}}""").Append("""{"step":20,"validation_ce":0.5}"""));
            ImmutableArray<string> files = [.. LossCurve.Write(folder)];
            Assert.Equal(["loss.svg", "loss.png"], files.Select(Path.GetFileName));
            Assert.StartsWith("<?xml", File.ReadAllText(files[0]), StringComparison.Ordinal);
            Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(files[1])[..4]);

            File.WriteAllText(log, "{\"step\":1,\"ce\":5}\nnot json\n");
            InvalidInputException error = Assert.Throws<InvalidInputException>(() => LossCurve.Write(folder));
            Assert.Contains("metrics.jsonl", error.Message, StringComparison.Ordinal);
            File.WriteAllText(log, "");
            Assert.Empty(LossCurve.Write(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Show(TrainingDisplay display)
    {
        using StringWriter writer = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(writer) });
        console.Profile.Width = 160;
        console.Write(display.Render());
        return writer.ToString();
    }
}
