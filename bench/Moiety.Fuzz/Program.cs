// Attacks the readers of files with many damaged copies of intact ones; the tests do the same with fewer. For example
//   dotnet run -c Release --project bench/Moiety.Fuzz -- --reader gguf --count 100000 --seed 1
// A failure names the seed that makes its file again: --seed S --count 1. Exit code 1: there were failures.
using System.CommandLine;
using System.Diagnostics;
using Moiety.Testing.Fuzzing;

string[] readers = [.. FuzzTargets.Create().Select(target => target.Reader).Distinct()];
Option<string> readerOption = new("--reader") { Description = $"What to attack: {string.Join(", ", readers)} or all.", DefaultValueFactory = _ => "all" };
Option<int> countOption = new("--count") { Description = "Damaged files for each reader.", DefaultValueFactory = _ => 1000 };
Option<ulong> seedOption = new("--seed") { Description = "Seed of the first damaged file; the next ones count up.", DefaultValueFactory = _ => 1UL };
readerOption.AcceptOnlyFromAmong([.. readers, "all"]);
RootCommand command = new("Attacks the readers of files with damaged copies of intact ones.") { readerOption, countOption, seedOption };
command.SetAction(result => Run(result.GetValue(readerOption)!, result.GetValue(countOption), result.GetValue(seedOption)));
return command.Parse(args).Invoke();

static int Run(string reader, int count, ulong seed)
{
    string memory = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
    string folder = Path.Combine(memory, $"moiety-fuzz-{Environment.ProcessId}");
    Directory.CreateDirectory(folder);
    int failures = 0;
    try
    {
        foreach (IGrouping<string, FuzzTarget> group in FuzzTargets.Create().Where(target => reader == "all" || target.Reader == reader).GroupBy(target => target.Reader))
        {
            FuzzTarget[] targets = [.. group];
            for (int i = 0; i < targets.Length; i++)
            {
                // The files are shared out evenly, with a remainder for the last; a single one goes to every target.
                int share = count < targets.Length ? count : i == targets.Length - 1 ? count - (count / targets.Length * i) : count / targets.Length;
                long started = Stopwatch.GetTimestamp();
                FuzzReport report = Fuzzer.Run(targets[i], share, seed, folder);
                Console.WriteLine($"{group.Key,-12} {targets[i].Name,-32} {share,7} files: {report.Accepted,6} read, {report.Refused,6} refused, {report.Failures.Count} failures, {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
                foreach (string failure in report.Failures.Take(20))
                {
                    Console.WriteLine($"  {failure}");
                }

                failures += report.Failures.Count;
            }
        }
    }
    finally
    {
        Directory.Delete(folder, recursive: true);
    }

    return failures == 0 ? 0 : 1;
}
