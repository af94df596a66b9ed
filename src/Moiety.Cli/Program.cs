using System.CommandLine;

namespace Moiety.Cli;

/// <summary>The <c>moiety</c> command: one file per verb.</summary>
internal static class Program
{
    private static int Main(string[] arguments) =>
        new RootCommand("Train, compress, serve, steer and audit language models, dense and Mixture-of-Experts.")
            .Parse(arguments)
            .Invoke();
}
