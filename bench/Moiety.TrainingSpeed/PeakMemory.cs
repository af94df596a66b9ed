using System.Globalization;
using System.Runtime.InteropServices;

namespace Moiety.TrainingSpeed;

/// <summary>What an action adds to the memory of this process at its highest point, as Linux counts it.</summary>
internal static partial class PeakMemory
{
    /// <summary>Megabytes, or null where the system does not say.</summary>
    internal static double? Megabytes(Action action)
    {
        try
        {
            GC.Collect();
            _ = malloc_trim(0);
            File.WriteAllText("/proc/self/clear_refs", "5"); // The peak counts from here.
            double before = Kilobytes("VmRSS:");
            action();
            return (Kilobytes("VmHWM:") - before) / 1024;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or EntryPointNotFoundException or DllNotFoundException)
        {
            return null;
        }
    }

    private static double Kilobytes(string name)
    {
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }

    [LibraryImport("libc")]
    private static partial int malloc_trim(nuint pad);
}
