using System.Globalization;
using Moiety.Training;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Moiety.Cli.Displays.Training;

/// <summary>
/// The live picture of a training: progress and time left, loss with its recent course, speed, the held-out perplexity, and
/// how evenly each router spreads tokens over its experts.
/// </summary>
internal sealed class TrainingDisplay(string title)
{
    private const int CourseWidth = 48;
    private const int BarWidth = 40;

    private readonly List<double> _course = [];
    private TrainingProgress? _last;
    private TrainingProgress? _training;

    /// <summary>Takes news.</summary>
    public void Update(TrainingProgress progress)
    {
        _last = progress;
        if (progress.Stage == "training")
        {
            _training = progress;
            _course.Add(progress.CrossEntropy);
        }
    }

    /// <summary>The picture of the present state.</summary>
    public IRenderable Render()
    {
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn();
        if (_last is not { } last)
        {
            return Frame(new Text("preparing"));
        }

        if (last.Stage == "tokenizing")
        {
            return Frame(new Text(string.Create(CultureInfo.InvariantCulture, $"tokenizing the corpora: {last.Tokens:#,0} tokens")));
        }

        AddRow(grid, "progress", $"{Bar(last.Completed)} {Format.Percent(last.Completed)}  step {last.Step:#,0} of {last.Steps:#,0}");
        AddRow(grid, "time", $"{Format.Time(last.Elapsed)} so far, {TimeLeft(last)}{(last.Stage == "training" ? "" : $"  ({Doing(last.Stage)})")}");
        if (_training is { } training)
        {
            AddRow(grid, "loss", $"{training.CrossEntropy:0.0000} nats per token  {Sparkline.Of(_course, CourseWidth)}");
            if (training.Distillation is { } distillation)
            {
                AddRow(grid, "teacher", $"{distillation:0.0000} nats per token away");
            }

            AddRow(grid, "speed", $"{Format.Rate(training.TokensPerSecond)} tokens/s, {Format.Count(training.Tokens)} tokens so far");
            AddRow(grid, "step", $"learning rate {training.LearningRate:0.00e+0}, gradient norm {training.GradientNorm:0.00}");
        }

        if (last.Validation is { } validation)
        {
            AddRow(grid, "held out", $"loss {validation.CrossEntropy:0.0000}, perplexity {validation.Perplexity:0.000}");
        }

        if (_training is { Routers.Length: > 0 } routed)
        {
            AddRow(grid, "balance", $"{routed.Balance:0.000} (1 is even), router z-loss {routed.RouterZ:0.00}");
            foreach (RouterLoad router in routed.Routers)
            {
                AddRow(grid, $"layer {router.Layer}", $"{ExpertBars.Of(router.Shares)}  dropped {Format.Percent(router.Dropped)}");
            }
        }

        return Frame(grid);
    }

    private Panel Frame(IRenderable content) => new Panel(content).Header(Markup.Escape($" {title} ")).BorderColor(Color.Grey).RoundedBorder();

    private static void AddRow(Grid grid, string name, string value) =>
        grid.AddRow(new Text(name, new Style(Color.Grey)), new Text(value));

    private static string Bar(double completed)
    {
        int full = (int)Math.Round(Math.Clamp(completed, 0, 1) * BarWidth);
        return new string('█', full) + new string('░', BarWidth - full);
    }

    private static string TimeLeft(TrainingProgress progress) => progress.Completed >= 1 ? "done"
        : progress.Completed > 0
        ? $"{Format.Time(progress.Elapsed * ((1 - progress.Completed) / progress.Completed))} left"
        : "time left unknown";

    private static string Doing(string stage) => stage switch
    {
        "evaluating" => "evaluated",
        "checkpoint" => "checkpoint written",
        _ => stage,
    };
}
