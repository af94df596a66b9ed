using System.Diagnostics;
using System.Runtime.Intrinsics;
using Moiety.Numerics.Threading;

namespace Moiety.Numerics.Measurement;

/// <summary>What this machine's memory gives: the floor under decoding, which reads every weight once per token.</summary>
public static unsafe class MemoryBandwidth
{
    private const long DefaultBytes = 512L << 20;

    /// <summary>Reads a buffer far larger than the caches and returns the best of several passes.</summary>
    /// <param name="threads">Reading threads.</param>
    /// <param name="bytes">Size of the buffer.</param>
    /// <param name="passes">Passes.</param>
    /// <returns>Bytes per second.</returns>
    public static double Measure(int threads, long bytes = DefaultBytes, int passes = 5)
    {
        using WorkerTeam team = new(threads);
        using AlignedBuffer buffer = new(bytes, PageKind.Huge);
        return Measure(team, buffer, passes);
    }

    /// <summary>Reads a buffer with a team that exists already.</summary>
    /// <param name="team">The team.</param>
    /// <param name="buffer">What is read.</param>
    /// <param name="passes">Passes, of which the best counts.</param>
    /// <returns>Bytes per second.</returns>
    public static double Measure(WorkerTeam team, AlignedBuffer buffer, int passes = 5)
    {
        ArgumentNullException.ThrowIfNull(team);
        ArgumentNullException.ThrowIfNull(buffer);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(passes);
        Reading work = new() { Buffer = buffer };
        double best = 0;
        for (int pass = 0; pass <= passes; pass++)
        {
            long start = Stopwatch.GetTimestamp();
            team.Run(ref work);
            double rate = buffer.ByteLength / Stopwatch.GetElapsedTime(start).TotalSeconds;

            // The first pass touches the code and the pages.
            best = pass == 0 ? 0 : Math.Max(best, rate);
        }
        return best;
    }

    private struct Reading : ITeamWork
    {
        public AlignedBuffer Buffer;
        public int Checksum;

        public void Execute(int worker, int workers)
        {
            long lines = Buffer.ByteLength / 256;
            byte* p = Buffer.Pointer + (lines * worker / workers * 256);
            byte* end = Buffer.Pointer + (lines * (worker + 1) / workers * 256);
            Vector512<int> a = default;
            Vector512<int> b = default;
            for (; p < end; p += 256)
            {
                a ^= Vector512.Load((int*)p) ^ Vector512.Load((int*)(p + 64));
                b ^= Vector512.Load((int*)(p + 128)) ^ Vector512.Load((int*)(p + 192));
            }
            Interlocked.Add(ref Checksum, Vector512.Sum(a ^ b));
        }
    }
}
