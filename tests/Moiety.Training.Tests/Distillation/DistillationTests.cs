using System.Diagnostics;
using System.Text.Json;
using Moiety.Data.Teachers;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Training.Configuration;
using Moiety.Training.Corpora;
using Moiety.Training.Distillation;
using Moiety.Training.Losses;
using Moiety.Training.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Tests.Distillation;

public class DistillationTests
{
    [Fact]
    public void A_student_of_its_teachers_weights_is_as_near_as_can_be()
    {
        using TemporaryFolder folder = new();
        WriteTeacher(folder);
        TrainingConfig config = Student(folder, """ "student_layers": 2, "initialization": "teacher" """);
        List<TrainingProgress> reports = [];
        using Trainer trainer = Trainer.Open(config with { Capacity = null, Precision = ComputePrecision.F32 }, folder["run"], resume: false);
        trainer.Run(new Collector(reports));
        Assert.Equal(0, reports.First(report => report.Stage == "training").Distillation!.Value, 1e-6);
    }

    [Fact]
    public void The_teacher_is_never_changed()
    {
        using TemporaryFolder folder = new();
        WriteTeacher(folder);
        using Checkpoint checkpoint = Checkpoint.Open(folder["teacher"]);
        using DecoderModule before = TorchCheckpointLoader.Load(checkpoint);
        using ModuleTeacher teacher = new(checkpoint, new DistillationConfig { TeacherPath = "" }, separator: 0, TrainingDevice.Cpu);
        using DecoderModule student = new(before.Config);
        student.Initialize(1);
        using (DisposeScope scope = NewDisposeScope())
        {
            Tensor tokens = arange(16, dtype: ScalarType.Int64).view(2, 8);
            ForwardPass pass = new(ComputePrecision.F32, capacity: null, seed: 0, trackRouterLosses: true);
            TrainingPassResult result = student.ForwardBackward(tokens, arange(16, dtype: ScalarType.Int64), pass, new LossWeights(0, 0, 1), teacher.LossOf(tokens, [0, 1], pass));
            Assert.True(result.DistillationSum > 0);
        }

        Assert.True(student.Store.Gradients.abs().sum().ToDouble() > 0);
        Assert.Equal(before.Store.Values.data<float>().ToArray(), teacher.Module.Store.Values.data<float>().ToArray());
        Assert.Throws<InvalidOperationException>(() => teacher.Module.Store.Gradients);
    }

    [Fact]
    public void A_student_comes_nearer_to_its_teacher()
    {
        using TemporaryFolder folder = new();
        WriteTeacher(folder, steps: 40);
        List<TrainingProgress> reports = [];
        using Trainer trainer = Trainer.Open(Student(folder, "", steps: 40), folder["run"], resume: false);
        trainer.Run(new Collector(reports));
        double[] distances = [.. reports.Where(report => report.Stage == "training").Select(report => report.Distillation!.Value)];
        Assert.True(distances[^1] < distances[0] / 2, $"{distances[0]} {distances[^1]}");
    }

    [Fact]
    public void After_the_stop_step_the_teacher_is_gone_and_the_labels_alone_teach()
    {
        using TemporaryFolder folder = new();
        WriteTeacher(folder);
        TrainingConfig config = Student(folder, """ "stop_step": 3 """);
        List<TrainingProgress> reports = [];
        using Trainer trainer = Trainer.Open(config, folder["run"], resume: false);
        trainer.Run(new Collector(reports));
        Assert.Equal([true, true, true, false, false, false], reports.Where(report => report.Stage == "training").Select(report => report.Distillation.HasValue));
        Assert.Equal(
            ["1", "2", "3"],
            File.ReadLines(folder["run/metrics.jsonl"]).Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.TryGetProperty("kd", out _)).Select(line => line.GetProperty("step").ToString()));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_stopped_run_resumes_to_the_same_student_before_at_and_behind_the_stop_step(int stopped)
    {
        using TemporaryFolder folder = new();
        WriteTeacher(folder);
        TrainingConfig config = Student(folder, """ "stop_step": 3, "temperature": 2 """);
        float[] whole = Train(config, folder["whole"], resume: false);
        using (CancellationTokenSource stop = new())
        using (Trainer first = Trainer.Open(config, folder["parts"], resume: false))
        {
            Assert.Equal(stopped, first.Run(new CancelAt(stopped, stop), stop.Token).Step);
        }

        Assert.Equal(whole, Train(config, folder["parts"], resume: true));
    }

    [Fact]
    public void Another_teacher_or_other_settings_do_not_resume()
    {
        using TemporaryFolder folder = new();
        WriteTeacher(folder);
        TrainingConfig config = Student(folder, "", steps: 1);
        Train(config, folder["run"], resume: false);
        Assert.Contains("weight 1 ", Refused(config with { Distillation = config.Distillation! with { Weight = 2 } }, folder["run"], resume: true), StringComparison.Ordinal);
        Directory.Delete(folder["teacher"], recursive: true);
        WriteTeacher(folder, steps: 2);
        Assert.Contains("distillation=teacher", Refused(config, folder["run"], resume: true), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_is_killed_around_the_stop_step_resumes_to_the_same_student()
    {
        using TemporaryFolder folder = new();
        WriteTeacher(folder);
        TrainingConfig config = Student(folder, """ "stop_step": 20 """, steps: 40);
        string run = folder["killed"];
        using (Process child = ChildProcess.Train(folder["student.json"], run))
        {
            while (!File.Exists(Path.Combine(run, "checkpoints", "latest")) && !child.HasExited)
            {
                Thread.Sleep(10);
            }

            Thread.Sleep(200);
            child.Kill();
            child.WaitForExit();
        }

        Assert.Equal(Train(config with { CheckpointInterval = 1000 }, folder["whole"], resume: false), Train(config, run, resume: true));
    }

    [Fact]
    public void A_teacher_that_is_worse_than_the_labels_is_left_and_a_stopped_run_resumes_across_it()
    {
        using TemporaryFolder folder = new();
        WriteTeacher(folder); // One step from random: it knows next to nothing.
        TrainingConfig config = Student(folder, """ "stop_step": "auto", "weight": 20 """, steps: 24);
        List<TrainingProgress> reports = [];
        float[] whole;
        using (Trainer trainer = Trainer.Open(config, folder["whole"], resume: false))
        {
            trainer.Run(new Collector(reports));
            whole = [.. trainer.Model.Store.Values.data<float>()];
        }

        long last = reports.Last(report => report.Stage == "training" && report.Distillation.HasValue).Step;
        Assert.InRange(last, 9, 23); // Two trials, of the steps 4 to 5 and 8 to 9, are the least.
        JsonElement[] trials = [.. File.ReadLines(folder["whole/metrics.jsonl"]).Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.TryGetProperty("validation_ce_without_teacher", out _))];
        Assert.Equal(last, trials[^1].GetProperty("step").GetInt64());
        Assert.All(trials[^2..], trial => Assert.True(trial.GetProperty("validation_ce").GetDouble() > trial.GetProperty("validation_ce_without_teacher").GetDouble()));

        foreach (int stopped in (int[])[4, 5, (int)last, (int)last + 1])
        {
            string parts = folder[$"parts{stopped}"];
            using (CancellationTokenSource stop = new())
            using (Trainer first = Trainer.Open(config, parts, resume: false))
            {
                first.Run(new CancelAt(stopped, stop), stop.Token);
            }

            Assert.Equal(whole, Train(config, parts, resume: true));
        }
    }

    [Fact]
    public void A_teacher_with_all_its_answers_written_down_teaches_as_it_does_live()
    {
        using TemporaryFolder folder = new();
        WriteTeacher(folder, steps: 20);
        TrainingConfig config = Student(folder, """ "temperature": 2 """, steps: 3) with { Precision = ComputePrecision.F32, CacheFolder = folder["tokens"] };
        float[] live = Train(config, folder["live"], resume: false);
        TrainingConfig cached = config with { Distillation = config.Distillation! with { CacheFolder = folder["answers"], Top = 100_000 } };
        Assert.Contains("not there", Refused(cached, folder["cached"], resume: false), StringComparison.Ordinal);
        Answer(cached, folder);
        float[] written = Train(cached, folder["cached"], resume: false);
        Assert.InRange(live.Zip(written).Average(pair => Math.Abs(pair.First - pair.Second)), 0, 1e-5);
        Assert.All(Distances(folder["live"]).Zip(Distances(folder["cached"])), pair => Assert.Equal(pair.First, pair.Second, 1e-3));

        TrainingConfig few = cached with { Distillation = cached.Distillation! with { Top = 8 } };
        Answer(few, folder);
        Train(few, folder["few"], resume: false);
        Assert.All(Distances(folder["few"]).Zip(Distances(folder["live"])), pair => Assert.InRange(pair.First, 0, pair.Second + 0.05));

        Array.ForEach(Directory.GetFiles(folder["answers"]), file => File.WriteAllBytes(file, [.. File.ReadAllBytes(file).Select((value, at) => at < 64 ? value : (byte)1)]));
        Assert.Contains("checksum", Assert.ThrowsAny<InvalidInputException>(() => Train(cached, folder["damaged"], resume: false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_exported_student_names_its_teacher()
    {
        using TemporaryFolder folder = new();
        WriteTeacher(folder);
        TrainingConfig config = Student(folder, """ "stop_step": 2, "weight": 0.5, "temperature": 2 """, steps: 3);
        using (Trainer trainer = Trainer.Open(config, folder["run"], resume: false))
        {
            trainer.Run();
            trainer.Export(folder["model"]);
        }

        RunExport.Write(config, folder["run"], folder["again"]);
        using Checkpoint teacher = Checkpoint.Open(folder["teacher"]);
        foreach (string model in (string[])["model", "again"])
        {
            JsonElement json = JsonDocument.Parse(File.ReadAllText(folder[$"{model}/config.json"])).RootElement;
            Assert.Equal(CheckpointHash.Of(teacher), json.GetProperty("teacher").GetProperty("hash").GetString());
            JsonElement kd = json.GetProperty("kd");
            Assert.Equal(0.5, kd.GetProperty("weight").GetDouble());
            Assert.Equal(2, kd.GetProperty("temperature").GetDouble());
            Assert.Equal(2, kd.GetProperty("stop_step").GetInt64());
            using Checkpoint student = Checkpoint.Open(folder[model]);
            Assert.Equal(config.Model.LayerCount, student.Config.LayerCount);
        }
    }

    [Fact]
    public void Looking_for_the_stop_step_needs_held_out_text()
    {
        using TemporaryFolder folder = new();
        WriteTeacher(folder);
        TrainingConfig config = Student(folder, """ "stop_step": "auto" """);
        Assert.Contains("held-out", Refused(config with { ValidationCorpora = [] }, folder["run"], resume: false), StringComparison.Ordinal);
        Assert.Contains("intervals.evaluation", Refused(config with { EvaluationInterval = 0 }, folder["run"], resume: false), StringComparison.Ordinal);
    }

    [Fact]
    public void A_teacher_with_another_vocabulary_is_refused_with_the_first_difference()
    {
        using TemporaryFolder folder = new();
        WriteTeacher(folder);
        using TemporaryFolder other = new();
        TrainingConfig foreign = SmallCorpus.Write(other.Path, names: ["Xaver", "Yves", "Zoe", "Quentin"]);
        TrainingConfig config = Student(folder, "");
        Assert.Contains("another vocabulary", Refused(config with { TokenizerPath = foreign.TokenizerPath }, folder["run"], resume: false), StringComparison.Ordinal);
    }

    [Fact]
    public void A_stop_step_beyond_the_run_and_a_deeper_student_are_refused()
    {
        using TemporaryFolder folder = new();
        WriteTeacher(folder);
        TrainingConfig config = Student(folder, """ "stop_step": 7 """);
        Assert.Contains("beyond the run's 6 steps", Refused(config, folder["run"], resume: false), StringComparison.Ordinal);
        string message = Assert.Throws<InvalidInputException>(() => Student(folder, """ "student_layers": 3 """)).Message;
        Assert.Contains("student_layers: 3 is more than the 2 layers of the teacher", message, StringComparison.Ordinal);
    }

    private static void WriteTeacher(TemporaryFolder folder, long steps = 1)
    {
        TrainingConfig config = SmallCorpus.Write(folder.Path, steps) with { Seed = 9, EvaluationInterval = 0, CheckpointInterval = 1000 };
        using TemporaryFolder run = new();
        using Trainer trainer = Trainer.Open(config, run["run"], resume: false);
        trainer.Run();
        trainer.Export(folder["teacher"]);
    }

    private static TrainingConfig Student(TemporaryFolder folder, string settings, long steps = 6)
    {
        string path = folder["student.json"];
        SmallCorpus.Write(folder.Path, steps);
        File.Copy(folder["train.json"], path, overwrite: true);
        return TrainingConfigReader.Read(path, root =>
        {
            string section = $$"""{ "teacher": "teacher"{{(settings.Length == 0 ? "" : ", " + settings)}} }""";
            root["distillation"] = System.Text.Json.Nodes.JsonNode.Parse(section);
            if (section.Contains("student_layers", StringComparison.Ordinal))
            {
                root.Remove("model");
            }

            File.WriteAllText(path, root.ToJsonString());
        });
    }

    // The module's own logits, document by document, as the engine would write them.
    private static void Answer(TrainingConfig config, TemporaryFolder folder)
    {
        using TrainingSequences sequences = TrainingSequences.Open(config, folder["run"]);
        TeacherCacheDescription description = sequences.DescribeAnswers();
        using Checkpoint checkpoint = Checkpoint.Open(folder["teacher"]);
        using DecoderModule teacher = TorchCheckpointLoader.Load(checkpoint);
        using TeacherCacheWriter writer = TeacherCacheWriter.Open(config.Distillation!.CacheFolder!, description);
        foreach (int[] sequence in sequences)
        {
            int[] starts = [.. Enumerable.Range(0, sequence.Length).Where(at => at == 0 || sequence[at] == description.Separator), sequence.Length];
            foreach ((int start, int end) in starts.Zip(starts.Skip(1)))
            {
                foreach (float[] logits in teacher.Logits(sequence.AsSpan(start..end)).Chunk(checkpoint.Config.VocabularySize))
                {
                    writer.Add(logits);
                }
            }
        }

        writer.Complete();
    }

    private static double[] Distances(string run) => [.. File.ReadLines(Path.Combine(run, "metrics.jsonl"))
        .Select(line => JsonDocument.Parse(line).RootElement)
        .Where(line => line.TryGetProperty("kd", out _))
        .Select(line => line.GetProperty("kd").GetDouble())];

    private static float[] Train(TrainingConfig config, string folder, bool resume)
    {
        using Trainer trainer = Trainer.Open(config, folder, resume);
        Assert.True(trainer.Run().Completed);
        return [.. trainer.Model.Store.Values.data<float>()];
    }

    private static string Refused(TrainingConfig config, string folder, bool resume) =>
        Assert.ThrowsAny<InvalidInputException>(() => Trainer.Open(config, folder, resume).Dispose()).Message;

    private sealed class Collector(List<TrainingProgress> reports) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => reports.Add(value);
    }

    private sealed class CancelAt(long step, CancellationTokenSource source) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Stage == "training" && value.Step == step)
            {
                source.Cancel();
            }
        }
    }
}
