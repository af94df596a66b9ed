using BenchmarkDotNet.Attributes;
using Moiety.Numerics.Threading;

namespace Moiety.Benchmarks;

/// <summary>What handing work to the team and meeting at its barrier cost.</summary>
public class WorkerTeamBenchmarks
{
    private const int Barriers = 1000;

    private WorkerTeam _team = null!;

    /// <summary>Workers.</summary>
    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>Starts the team.</summary>
    [GlobalSetup]
    public void Setup() => _team = new WorkerTeam(Threads);

    /// <summary>Ends it.</summary>
    [GlobalCleanup]
    public void Cleanup() => _team.Dispose();

    /// <summary>A run that does nothing.</summary>
    [Benchmark]
    public void EmptyRun()
    {
        Nothing work = default;
        _team.Run(ref work);
    }

    /// <summary>One barrier of a thousand in one run.</summary>
    [Benchmark(OperationsPerInvoke = Barriers)]
    public void Barrier()
    {
        Meeting work = new() { Team = _team };
        _team.Run(ref work);
    }

    private struct Nothing : ITeamWork
    {
        public readonly void Execute(int worker, int workers)
        {
        }
    }

    private struct Meeting : ITeamWork
    {
        public WorkerTeam Team;

        public readonly void Execute(int worker, int workers)
        {
            for (int i = 0; i < Barriers; i++)
            {
                Team.Barrier();
            }
        }
    }
}
