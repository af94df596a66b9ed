namespace Moiety.Numerics.Threading;

/// <summary>
/// What a <see cref="WorkerTeam"/> does in one run. A struct, so that running it allocates nothing; all workers see the same copy.
/// </summary>
public interface ITeamWork
{
    /// <summary>Does one worker's share.</summary>
    /// <param name="worker">0 to <paramref name="workers"/> − 1; 0 is the calling thread.</param>
    /// <param name="workers">Workers of the team.</param>
    void Execute(int worker, int workers);
}
