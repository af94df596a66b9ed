using System.Diagnostics;
using System.Text;

namespace Moiety.Cli.Tests;

/// <summary>The real command in a process of its own, as a user's shell runs it with redirected streams.</summary>
internal sealed record MoietyProcess(int ExitCode, string Out, string Error)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Runs the command to its end.</summary>
    public static MoietyProcess Run(params string[] arguments) => RunWithInput([], arguments);

    /// <summary>Runs the command to its end with some environment variables.</summary>
    public static MoietyProcess RunWith(IReadOnlyDictionary<string, string> variables, params string[] arguments) => Finish(Start(arguments, variables), [], arguments);

    /// <summary>Runs the command with bytes on standard input.</summary>
    public static MoietyProcess RunWithInput(byte[] input, params string[] arguments) => Finish(Start(arguments), input, arguments);

    private static MoietyProcess Finish(Process started, byte[] input, string[] arguments)
    {
        using Process process = started;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        try
        {
            process.StandardInput.BaseStream.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The command ended without reading its input, which is its right.
        }

        if (!process.WaitForExit(Limit))
        {
            process.Kill();
            Assert.Fail($"moiety {string.Join(' ', arguments)} did not end within {Limit}.");
        }

        return new MoietyProcess(process.ExitCode, output.Result, error.Result);
    }

    /// <summary>Starts the command.</summary>
    public static Process Start(params string[] arguments) => Start(arguments, new Dictionary<string, string>());

    private static Process Start(string[] arguments, IReadOnlyDictionary<string, string> variables)
    {
        ProcessStartInfo start = new(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = new UTF8Encoding(false),
            StandardErrorEncoding = new UTF8Encoding(false),
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "moiety.dll"));
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string name, string value) in variables)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Requires success and an error stream without errors.</summary>
    public MoietyProcess Succeeds()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}: {Error}");
        return this;
    }

    /// <summary>Requires exit code 2 and one clear message without a trace.</summary>
    public MoietyProcess FailsWith(params string[] parts)
    {
        Assert.True(ExitCode == 2, $"exit code {ExitCode} instead of 2: {Error}");
        Assert.Contains("error: ", Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", Error, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, Error, StringComparison.OrdinalIgnoreCase));
        return this;
    }
}
