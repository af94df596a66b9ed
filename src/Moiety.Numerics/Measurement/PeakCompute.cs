using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Threading;

namespace Moiety.Numerics.Measurement;

/// <summary>What this machine's multipliers give in single precision: the floor under prefill.</summary>
public static class PeakCompute
{
    private const int Steps = 200_000;
    private const int Chains = 16;

    /// <summary>Runs independent chains of fused multiply-adds in registers and returns the best of several passes.</summary>
    /// <param name="threads">Computing threads.</param>
    /// <param name="passes">Passes.</param>
    /// <returns>Operations per second; a multiply-add counts as two.</returns>
    public static double Measure(int threads, int passes = 10)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(passes);
        using WorkerTeam team = new(threads);
        double best = 0;

        // The first passes run code that the compiler has not optimized yet.
        for (int pass = 0; pass < passes + 3; pass++)
        {
            Chained work = default;
            long start = Stopwatch.GetTimestamp();
            team.Run(ref work);
            double operations = 2.0 * Steps * Chains * work.Lanes * threads;
            best = Math.Max(best, operations / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return best;
    }

    private struct Chained : ITeamWork
    {
        public int Lanes;
        public float Result;

        public void Execute(int worker, int workers)
        {
            float result;
            if (Vector512.IsHardwareAccelerated)
            {
                result = Chain<Lanes512, Vector512<float>>();
                Lanes = Lanes512.Count;
            }
            else if (Vector256.IsHardwareAccelerated)
            {
                result = Chain<Lanes256, Vector256<float>>();
                Lanes = Lanes256.Count;
            }
            else
            {
                result = Chain<Lanes128, Vector128<float>>();
                Lanes = Lanes128.Count;
            }
            Volatile.Write(ref Result, result);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private static unsafe float Chain<TLanes, TVector>()
            where TLanes : struct, ILanes<TVector>
            where TVector : struct
        {
            float* constants = stackalloc float[32];
            new Span<float>(constants, 16).Fill(0.5f);
            new Span<float>(constants + 16, 16).Fill(1);
            TVector a = TLanes.Load(constants);
            TVector b = TLanes.Load(constants + 16);
            TVector c0 = b, c1 = b, c2 = b, c3 = b, c4 = b, c5 = b, c6 = b, c7 = b;
            for (int i = 0; i < Steps * Chains / 8; i++)
            {
                c0 = TLanes.MultiplyAdd(c0, a, b);
                c1 = TLanes.MultiplyAdd(c1, a, b);
                c2 = TLanes.MultiplyAdd(c2, a, b);
                c3 = TLanes.MultiplyAdd(c3, a, b);
                c4 = TLanes.MultiplyAdd(c4, a, b);
                c5 = TLanes.MultiplyAdd(c5, a, b);
                c6 = TLanes.MultiplyAdd(c6, a, b);
                c7 = TLanes.MultiplyAdd(c7, a, b);
            }
            float first = TLanes.Sum(c0) + TLanes.Sum(c1) + TLanes.Sum(c2) + TLanes.Sum(c3);
            return first + TLanes.Sum(c4) + TLanes.Sum(c5) + TLanes.Sum(c6) + TLanes.Sum(c7);
        }
    }
}
