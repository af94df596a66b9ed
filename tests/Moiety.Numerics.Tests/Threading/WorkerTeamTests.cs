using CsCheck;
using Moiety.Numerics.Threading;

namespace Moiety.Numerics.Tests.Threading;

public sealed class WorkerTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Every_worker_runs_once_per_run(int threads)
    {
        using WorkerTeam team = new(threads);
        Counting work = new() { Counts = new int[threads] };
        for (int i = 0; i < 500; i++)
        {
            team.Run(ref work);
        }
        Assert.All(work.Counts, count => Assert.Equal(500, count));
    }

    [Fact]
    public void A_hundred_thousand_runs_lose_nothing()
    {
        // A machine that is busy with other things gets as far as it can in ten seconds.
        using WorkerTeam team = new(2);
        Counting work = new() { Counts = new int[2] };
        long start = Environment.TickCount64;
        int runs = 0;
        for (; runs < 100_000 && Environment.TickCount64 - start < 10_000; runs++)
        {
            team.Run(ref work);
        }
        Assert.Equal([runs, runs], work.Counts);
    }

    [Theory]
    [InlineData(2, 2_000)]
    [InlineData(5, 400)]
    public void Nobody_passes_a_barrier_before_all_have_come(int threads, int rounds)
    {
        using WorkerTeam team = new(threads);
        Stepping work = new() { Team = team, Steps = new int[threads * 32], Rounds = rounds };
        team.Run(ref work);
        Assert.Equal(0, work.Violations);
        Assert.Equal(rounds, work.Steps[0]);
    }

    [Fact]
    public void Running_allocates_nothing()
    {
        using WorkerTeam team = new(2);
        Stepping work = new() { Team = team, Steps = new int[64], Rounds = 3 };
        team.Run(ref work);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            team.Run(ref work);
        }
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void An_exception_reaches_the_caller_and_the_team_lives_on(int thrower)
    {
        using WorkerTeam team = new(3);
        for (int i = 0; i < 200; i++)
        {
            Throwing failing = new() { Team = team, Thrower = thrower };
            InvalidDataException exception = Assert.Throws<InvalidDataException>(() => team.Run(ref failing));
            Assert.Equal($"worker {thrower}", exception.Message);
        }
        Stepping work = new() { Team = team, Steps = new int[3 * 32], Rounds = 10 };
        team.Run(ref work);
        Assert.Equal(0, work.Violations);
    }

    [Fact]
    public void Nested_runs_and_barriers_outside_a_run_are_refused()
    {
        using WorkerTeam team = new(2);
        Nesting work = new() { Team = team };
        Assert.Throws<InvalidOperationException>(() => team.Run(ref work));
        Assert.Throws<InvalidOperationException>(team.Barrier);
        Counting after = new() { Counts = new int[2] };
        team.Run(ref after);
        Assert.Equal([1, 1], after.Counts);
    }

    [Fact]
    public void A_disposed_team_refuses_work_and_its_threads_have_ended()
    {
        WorkerTeam team = new(3);
        Remembering work = new() { Threads = new Thread[3] };
        team.Run(ref work);
        team.Dispose();
        team.Dispose();
        Assert.All(work.Threads[1..], thread => Assert.False(thread.IsAlive));
        Assert.Throws<ObjectDisposedException>(() => team.Run(ref work));
    }

    [Fact]
    public void Workers_that_slept_wake_up()
    {
        using WorkerTeam team = new(2);
        Counting work = new() { Counts = new int[2] };
        for (int i = 0; i < 20; i++)
        {
            Thread.Sleep(2);
            team.Run(ref work);
        }
        Assert.Equal([20, 20], work.Counts);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1025)]
    public void An_impossible_number_of_threads_is_refused(int threads) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerTeam(threads));

    [Fact]
    public void Row_ranges_cover_every_row_once_and_begin_aligned() =>
        Gen.Select(Gen.Int[0, 5000], Gen.Int[1, 20], Gen.Int[1, 64]).Sample((rows, workers, alignment) =>
        {
            int next = 0;
            for (int worker = 0; worker < workers; worker++)
            {
                RowRange range = RowRange.Of(rows, worker, workers, alignment);
                Assert.Equal(next, range.Start);
                Assert.True(range.Start % alignment == 0 || range.Count == 0);
                next = range.End;
            }
            Assert.Equal(rows, next);
        });

    private struct Counting : ITeamWork
    {
        public int[] Counts;

        public readonly void Execute(int worker, int workers)
        {
            Assert.Equal(Counts.Length, workers);
            Counts[worker]++;
        }
    }

    /// <summary>Every worker publishes its round, meets the others, and looks whether all have published the same.</summary>
    private struct Stepping : ITeamWork
    {
        public WorkerTeam Team;
        public int[] Steps;
        public int Rounds;
        public int Violations;

        public void Execute(int worker, int workers)
        {
            for (int round = 1; round <= Rounds; round++)
            {
                Volatile.Write(ref Steps[worker * 32], round);
                Team.Barrier();
                for (int other = 0; other < workers; other++)
                {
                    if (Volatile.Read(ref Steps[other * 32]) != round)
                    {
                        Interlocked.Increment(ref Violations);
                    }
                }
                Team.Barrier();
            }
        }
    }

    private struct Throwing : ITeamWork
    {
        public WorkerTeam Team;
        public int Thrower;

        public readonly void Execute(int worker, int workers)
        {
            if (worker == Thrower)
            {
                throw new InvalidDataException($"worker {worker}");
            }
            Team.Barrier();
        }
    }

    private struct Nesting : ITeamWork
    {
        public WorkerTeam Team;

        public readonly void Execute(int worker, int workers)
        {
            Counting inner = new() { Counts = new int[workers] };
            Team.Run(ref inner);
        }
    }

    private struct Remembering : ITeamWork
    {
        public Thread[] Threads;

        public readonly void Execute(int worker, int workers) => Threads[worker] = Thread.CurrentThread;
    }
}
