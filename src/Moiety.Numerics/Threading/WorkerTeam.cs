using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Moiety.Numerics.Threading;

/// <summary>
/// A fixed team of threads for the token loop. A run hands the same work to every worker and returns when all are done; nothing
/// is allocated. Waiting threads spin for some microseconds and then sleep, so that a team larger than the free cores still
/// makes progress. The caller is worker 0.
/// </summary>
public sealed unsafe class WorkerTeam : IDisposable
{
    private const int StackBytes = 4 << 20;
    private const int SpinsBetweenChecks = 32;
    private static readonly long SpinTicks = Stopwatch.Frequency / 20_000;

    private readonly object _gate = new();
    private readonly Thread[] _threads;
    private readonly long _spinTicks;
    private Signals _signals;
    private delegate*<void*, int, int, void> _body;
    private void* _work;
    private int _running;
    private bool _stopping;
    private Exception? _failure;

    /// <summary>Starts the threads.</summary>
    /// <param name="threads">Workers, the caller included.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is not between 1 and 1024.</exception>
    public WorkerTeam(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, 1024);
        Workers = threads;

        // More workers than cores: whoever spins keeps another worker from running.
        _spinTicks = threads > Environment.ProcessorCount ? 0 : SpinTicks;
        _threads = new Thread[threads - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _threads[i] = new Thread(() => Loop(worker), StackBytes) { IsBackground = true, Name = $"moiety-worker-{worker}" };
            _threads[i].Start();
        }
    }

    /// <summary>Workers, the caller included.</summary>
    public int Workers { get; }

    /// <summary>Runs the work on every worker and waits for all of them.</summary>
    /// <param name="work">The work; changes that workers make to its fields are seen here afterwards.</param>
    /// <typeparam name="TWork">The kind of work.</typeparam>
    /// <exception cref="InvalidOperationException">The team is already running something (nested or concurrent use).</exception>
    /// <exception cref="ObjectDisposedException">The team is disposed.</exception>
    /// <remarks>
    /// An exception in a worker reaches the caller once all workers are done; workers that wait at a <see cref="Barrier"/> are
    /// released. When several throw, the first is reported.
    /// </remarks>
    public void Run<TWork>(ref TWork work)
        where TWork : struct, ITeamWork
    {
        ObjectDisposedException.ThrowIf(_stopping, this);
        if (Interlocked.CompareExchange(ref _running, 1, 0) != 0)
        {
            throw new InvalidOperationException("The worker team is already running: nested and concurrent runs are not allowed.");
        }

        // A local has a fixed address for the whole run, a field of some object may move.
        TWork local = work;
        try
        {
            RunLocal(&Invoke<TWork>, Unsafe.AsPointer(ref local));
        }
        finally
        {
            work = local;
            Volatile.Write(ref _running, 0);
        }
    }

    /// <summary>
    /// Waits until every worker of the current run is here. Only inside a run, and every worker must pass every barrier.
    /// </summary>
    /// <exception cref="InvalidOperationException">The team is not running.</exception>
    /// <exception cref="OperationCanceledException">Another worker threw; let it pass.</exception>
    public void Barrier()
    {
        if (Volatile.Read(ref _running) == 0)
        {
            throw new InvalidOperationException("A barrier exists only inside a run of the worker team.");
        }
        if (Workers == 1)
        {
            return;
        }

        // In this order: a worker that fails sets the failure first and moves the phase then.
        int phase = Volatile.Read(ref _signals.Phase);
        ThrowIfFailed();
        if (Interlocked.Increment(ref _signals.Arrived) == Workers)
        {
            _signals.Arrived = 0;
            Interlocked.Increment(ref _signals.Phase);
            Wake();
        }
        else
        {
            WaitWhile(ref _signals.Phase, phase);
        }
        ThrowIfFailed();
    }

    /// <summary>Ends the threads and waits for them.</summary>
    /// <exception cref="InvalidOperationException">The team is running.</exception>
    public void Dispose()
    {
        if (_stopping)
        {
            return;
        }
        if (Interlocked.CompareExchange(ref _running, 1, 0) != 0)
        {
            throw new InvalidOperationException("The worker team is running and cannot be disposed.");
        }
        _stopping = true;
        Interlocked.Increment(ref _signals.Generation);
        Wake();
        foreach (Thread thread in _threads)
        {
            thread.Join();
        }
    }

    private static void Invoke<TWork>(void* work, int worker, int workers)
        where TWork : struct, ITeamWork => Unsafe.AsRef<TWork>(work).Execute(worker, workers);

    private void RunLocal(delegate*<void*, int, int, void> body, void* work)
    {
        _body = body;
        _work = work;
        _failure = null;
        _signals.Arrived = 0;
        _signals.Pending = Workers - 1;
        if (Workers > 1)
        {
            Interlocked.Increment(ref _signals.Generation);
            Wake();
        }
        Execute(0);
        for (int pending = Volatile.Read(ref _signals.Pending); pending != 0; pending = Volatile.Read(ref _signals.Pending))
        {
            WaitWhile(ref _signals.Pending, pending);
        }
        if (_failure is not null)
        {
            ExceptionDispatchInfo.Throw(_failure);
        }
    }

    private void Loop(int worker)
    {
        int generation = 0;
        while (true)
        {
            WaitWhile(ref _signals.Generation, generation);
            generation++;
            if (_stopping)
            {
                return;
            }
            Execute(worker);
            if (Interlocked.Decrement(ref _signals.Pending) == 0)
            {
                Wake();
            }
        }
    }

    private void ThrowIfFailed()
    {
        if (Volatile.Read(ref _failure) is not null)
        {
            throw new OperationCanceledException("Another worker of the team failed.");
        }
    }

    private void Execute(int worker)
    {
        try
        {
            _body(_work, worker, Workers);
        }
        catch (Exception exception)
        {
            // Reported by the caller; the phase moves so that nobody waits at a barrier for this worker.
            Interlocked.CompareExchange(ref _failure, exception, null);
            Interlocked.Increment(ref _signals.Phase);
            Wake();
        }
    }

    /// <summary>Waits until a signal has another value: spins, then sleeps until somebody calls <see cref="Wake"/>.</summary>
    private void WaitWhile(ref int signal, int value)
    {
        long deadline = 0;
        while (true)
        {
            for (int i = 0; i < SpinsBetweenChecks; i++)
            {
                if (Volatile.Read(ref signal) != value)
                {
                    return;
                }
                Thread.SpinWait(1);
            }
            long now = Stopwatch.GetTimestamp();
            if (deadline == 0)
            {
                deadline = now + _spinTicks;
            }
            if (now >= deadline)
            {
                break;
            }
        }
        lock (_gate)
        {
            // The increment is a full fence: either we see the new value here, or the signaler sees a sleeper.
            Interlocked.Increment(ref _signals.Sleepers);
            while (Volatile.Read(ref signal) == value)
            {
                Monitor.Wait(_gate);
            }
            Interlocked.Decrement(ref _signals.Sleepers);
        }
    }

    /// <summary>Wakes sleepers after a signal changed through an interlocked operation.</summary>
    private void Wake()
    {
        if (Volatile.Read(ref _signals.Sleepers) != 0)
        {
            lock (_gate)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>What threads wait for, each on its own pair of cache lines.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 6 * 128)]
    private struct Signals
    {
        /// <summary>Grows by one with every run.</summary>
        [FieldOffset(128)]
        public int Generation;

        /// <summary>Workers that are not done with the run.</summary>
        [FieldOffset(256)]
        public int Pending;

        /// <summary>Workers at the current barrier.</summary>
        [FieldOffset(384)]
        public int Arrived;

        /// <summary>Changes when a barrier opens.</summary>
        [FieldOffset(512)]
        public int Phase;

        /// <summary>Threads that sleep.</summary>
        [FieldOffset(640)]
        public int Sleepers;
    }
}
