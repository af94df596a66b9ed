// Measures how long a large GGUF file takes to open, tokenizer included:
//   dotnet run -c Release --project bench/Moiety.Opening
// The file is that of a Llama of 8 billion parameters in Q4_0 with 128,256 tokens and 268,000 merges. Its weights are a hole that takes
// no space on disk: opening must not read them anyway.
using System.CommandLine;
using System.Diagnostics;
using Moiety.Models.Checkpoints;
using Moiety.Opening;

Option<string> folderOption = new("--folder") { Description = "Where the file goes.", DefaultValueFactory = _ => Path.GetTempPath() };
Option<int> runsOption = new("--runs") { Description = "Openings after the first one.", DefaultValueFactory = _ => 5 };
RootCommand command = new("Measures how long a large GGUF file takes to open.") { folderOption, runsOption };
command.SetAction(result => Run(result.GetValue(folderOption)!, result.GetValue(runsOption)));
return command.Parse(args).Invoke();

static void Run(string folder, int runs)
{
    string path = Path.Combine(folder, $"moiety-opening-{Environment.ProcessId}.gguf");
    try
    {
        LargeFile.Write(path);
        Times first = Measure(path, static _ => { });
        Times firstTokenizer = Measure(path, static checkpoint => GC.KeepAlive(checkpoint.Tokenizer));
        using (Checkpoint checkpoint = Checkpoint.Open(path))
        {
            Console.WriteLine($"{checkpoint.TensorNames.Count} tensors, {checkpoint.Tokenizer!.VocabularySize:#,0} tokens, {new FileInfo(path).Length / 1e9:F1} GB");
        }

        Console.WriteLine($"first opening, compilation included: {first.Text}");
        Console.WriteLine($"then once more, and making the tokenizer: {firstTokenizer.Text}");
        Console.WriteLine($"median of {runs} more openings: {Median(static _ => { }, path, runs).Text}");
        Console.WriteLine($"median of {runs} more with the tokenizer: {Median(static checkpoint => GC.KeepAlive(checkpoint.Tokenizer), path, runs).Text}");
    }
    finally
    {
        File.Delete(path);
    }
}

// Time on the clock grows with what else runs; processor time hardly does.
static Times Measure(string path, Action<Checkpoint> use)
{
    using Process process = Process.GetCurrentProcess();
    TimeSpan processor = process.TotalProcessorTime;
    long started = Stopwatch.GetTimestamp();
    using Checkpoint opened = Checkpoint.Open(path);
    use(opened);
    TimeSpan clock = Stopwatch.GetElapsedTime(started);
    process.Refresh();
    return new Times(clock.TotalMilliseconds, (process.TotalProcessorTime - processor).TotalMilliseconds);
}

static Times Median(Action<Checkpoint> use, string path, int runs)
{
    Times[] all = [.. Enumerable.Range(0, runs).Select(_ => Measure(path, use))];
    return new Times(all.Select(times => times.Clock).Order().ElementAt(runs / 2), all.Select(times => times.Processor).Order().ElementAt(runs / 2));
}

internal readonly record struct Times(double Clock, double Processor)
{
    public string Text => $"{Clock:F0} ms, {Processor:F0} ms of processor time";
}
