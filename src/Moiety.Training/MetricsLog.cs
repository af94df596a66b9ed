using System.Globalization;
using System.Text.Json;
using Moiety.Models.Checkpoints;
using Moiety.Training.Routing;

namespace Moiety.Training;

/// <summary>
/// <c>metrics.jsonl</c>: one JSON object per logging interval and per evaluation, in order of steps. A resumed run first drops
/// the lines beyond its checkpoint, so that every step is there once.
/// </summary>
internal sealed class MetricsLog : IDisposable
{
    private readonly FileStream _file;

    /// <summary>Opens the log and keeps the lines up to a step.</summary>
    internal MetricsLog(string path, long lastStep)
    {
        if (File.Exists(path))
        {
            List<string> kept = [.. File.ReadLines(path).TakeWhile(line => StepOf(line) is { } step && step <= lastStep)];
            AtomicFile.Write(path, 0, stream =>
            {
                using StreamWriter writer = new(stream, leaveOpen: true);
                kept.ForEach(line => writer.Write(line + "\n"));
            });
        }

        _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
    }

    /// <summary>Adds a line about training.</summary>
    internal void WriteTraining(TrainingProgress progress) => Write(progress.Step, writer =>
    {
        writer.WriteNumber("tokens", progress.Tokens);
        Number(writer, "loss", progress.Loss);
        Number(writer, "ce", progress.CrossEntropy);
        if (progress.Distillation is { } distillation)
        {
            Number(writer, "kd", distillation);
        }

        Number(writer, "aux", progress.Balance);
        Number(writer, "z", progress.RouterZ);
        Number(writer, "lr", progress.LearningRate);
        Number(writer, "grad_norm", progress.GradientNorm);
        Number(writer, "tokens_per_second", progress.TokensPerSecond);
        Number(writer, "tokens_per_cpu_second", progress.TokensPerCpuSecond);
        Number(writer, "seconds", progress.Elapsed.TotalSeconds);
        if (progress.Routers.Length == 0)
        {
            return;
        }

        foreach (RouterLossMean loss in progress.RouterLosses.Where(loss => loss.Name is not (RouterLossNames.Balance or RouterLossNames.Z)))
        {
            Number(writer, loss.Name, loss.Value);
        }

        if (progress.Alarms.Length > 0)
        {
            writer.WriteStartArray("alarms");
            foreach (RouterAlarm alarm in progress.Alarms)
            {
                writer.WriteStringValue(alarm.ToString());
            }

            writer.WriteEndArray();
        }

        Number(writer, "dropped", progress.Routers.Average(router => router.Dropped));
        writer.WriteStartObject("load");
        foreach (RouterLoad router in progress.Routers)
        {
            writer.WriteStartArray(router.Layer.ToString(CultureInfo.InvariantCulture));
            foreach (double share in router.Shares)
            {
                writer.WriteNumberValue(Math.Round(share, 5));
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    });

    /// <summary>Adds a line about an evaluation.</summary>
    /// <param name="step">The step.</param>
    /// <param name="result">What was measured.</param>
    /// <param name="withoutTeacher">The cross-entropy after the same steps without the teacher, where that was tried.</param>
    internal void WriteEvaluation(long step, EvaluationResult result, double? withoutTeacher) => Write(step, writer =>
    {
        Number(writer, "validation_ce", result.CrossEntropy);
        Number(writer, "validation_perplexity", result.Perplexity);
        Number(writer, "validation_ce_with_drops", result.CrossEntropyWithDrops);
        Number(writer, "validation_perplexity_with_drops", result.PerplexityWithDrops);
        writer.WriteNumber("validation_tokens", result.Tokens);
        if (withoutTeacher is { } without)
        {
            Number(writer, "validation_ce_without_teacher", without);
        }
    });

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void Write(long step, Action<Utf8JsonWriter> fields)
    {
        using MemoryStream line = new();
        using (Utf8JsonWriter writer = new(line))
        {
            writer.WriteStartObject();
            writer.WriteNumber("step", step);
            fields(writer);
            writer.WriteEndObject();
        }

        line.WriteByte((byte)'\n');
        _file.Write(line.GetBuffer().AsSpan(0, (int)line.Length));
        _file.Flush();
    }

    // JSON has no infinities: a loss that diverged is null.
    private static void Number(Utf8JsonWriter writer, string name, double value)
    {
        if (double.IsFinite(value))
        {
            writer.WriteNumber(name, double.Parse(value.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    // Null for the torn last line of a killed run.
    private static long? StepOf(string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return document.RootElement.TryGetProperty("step", out JsonElement step) ? step.GetInt64() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
