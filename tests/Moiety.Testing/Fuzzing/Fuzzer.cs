using System.Diagnostics;
using Moiety.Models;

namespace Moiety.Testing.Fuzzing;

/// <summary>Feeds a reader damaged files and judges what it does with them.</summary>
public static class Fuzzer
{
    // A hang or a bomb is what is looked for, not a slow machine.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private const long MaxAllocatedBytes = 256L << 20;

    /// <summary>Reads damaged copies of a file.</summary>
    /// <param name="target">The reader and its intact file.</param>
    /// <param name="count">Number of copies.</param>
    /// <param name="seed">Copy i is the first one of the mutator with seed + i, so that <c>--seed S --count 1</c> makes it again.</param>
    /// <param name="folder">A folder for files, best in memory.</param>
    public static FuzzReport Run(FuzzTarget target, int count, ulong seed, string folder)
    {
        // A target whose intact file is refused would prove nothing.
        target.Read(target.Intact, folder);
        int accepted = 0;
        int refused = 0;
        List<string> failures = [];
        for (int i = 0; i < count; i++)
        {
            ulong copySeed = seed + (ulong)i;
            byte[] damaged = new FileMutator(target.Intact, copySeed).Next();
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            long started = Stopwatch.GetTimestamp();
            try
            {
                target.Read(damaged, folder);
                accepted++;
            }
            catch (InvalidInputException)
            {
                refused++;
            }
            catch (Exception error)
            {
                failures.Add($"{target.Reader}, {target.Name}, seed {copySeed}: {error.GetType().Name}: {error.Message} {error.StackTrace?.Split('\n')[0].Trim()}");
            }

            TimeSpan taken = Stopwatch.GetElapsedTime(started);
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            if (taken > Patience || allocated > MaxAllocatedBytes)
            {
                failures.Add($"{target.Reader}, {target.Name}, seed {copySeed}: took {taken.TotalSeconds:F1} s and allocated {allocated >> 20} MiB");
            }
        }

        return new FuzzReport(accepted, refused, failures);
    }
}
