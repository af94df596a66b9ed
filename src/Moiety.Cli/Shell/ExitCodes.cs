namespace Moiety.Cli.Shell;

/// <summary>What the process tells its caller.</summary>
internal static class ExitCodes
{
    /// <summary>Everything asked for was done.</summary>
    public const int Success = 0;

    /// <summary>Moiety itself failed.</summary>
    public const int Failure = 1;

    /// <summary>What the user gave is wrong: a flag, a file, a full disk.</summary>
    public const int InvalidInput = 2;

    /// <summary>Stopped by Ctrl-C (128 + SIGINT).</summary>
    public const int Interrupted = 130;
}
