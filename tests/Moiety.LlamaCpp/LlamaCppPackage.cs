using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Moiety.LlamaCpp;

/// <summary>
/// Where the prebuilt llama.cpp lies: the folder that <c>MOIETY_LLAMA_CPP</c> names, or the npm package
/// <c>@node-llama-cpp/linux-x64</c>, installed once into a per-user cache with the ordinary npm client.
/// </summary>
public static class LlamaCppPackage
{
    /// <summary>Version of the npm package; it carries llama.cpp v0.5.0, whose structure layouts this folder mirrors.</summary>
    public const string Version = "3.22.1";

    private const string Package = "@node-llama-cpp/linux-x64";
    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(3);

    /// <summary>The folder with <c>libllama</c> and the CPU back ends.</summary>
    /// <exception cref="LlamaCppUnavailableException">It is not there and can't be installed.</exception>
    public static string Locate()
    {
        if (Environment.GetEnvironmentVariable("MOIETY_LLAMA_CPP") is { Length: > 0 } folder)
        {
            return Directory.EnumerateFiles(folder, "libllama.*so").Any()
                ? folder
                : throw new LlamaCppUnavailableException($"MOIETY_LLAMA_CPP is {folder}, which holds no libllama.");
        }

        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            throw new LlamaCppUnavailableException("the prebuilt llama.cpp is for Linux on x64.");
        }

        string home = Path.Combine(CacheFolder(), "moiety", "llama-cpp", Version);
        if (!Directory.Exists(home))
        {
            Install(home);
        }

        return Path.Combine(home, "node_modules", "@node-llama-cpp", "linux-x64", "bins", "linux-x64");
    }

    private static string CacheFolder() => Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
        ? cache
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");

    // Installs beside the final place and renames, so that a broken install is never taken for a whole one.
    private static void Install(string home)
    {
        string partial = $"{home}.{Environment.ProcessId}.partial";
        Directory.CreateDirectory(partial);
        try
        {
            RunNpm(partial);
            try
            {
                Directory.Move(partial, home);
            }
            catch (IOException) when (Directory.Exists(home))
            {
                // Another process was faster: its copy is the same.
            }
        }
        finally
        {
            if (Directory.Exists(partial))
            {
                Directory.Delete(partial, recursive: true);
            }
        }
    }

    private static void RunNpm(string prefix)
    {
        ProcessStartInfo start = new("npm", ["install", "--prefix", prefix, "--no-audit", "--no-fund", $"{Package}@{Version}"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new LlamaCppUnavailableException($"npm, which brings the prebuilt llama.cpp, can't be started: {e.Message}", e);
        }

        using (process)
        {
            Task<string> error = process.StandardError.ReadToEndAsync();
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(InstallLimit))
            {
                process.Kill(entireProcessTree: true);
                throw new LlamaCppUnavailableException($"npm install {Package}@{Version} took longer than {InstallLimit.TotalMinutes:F0} minutes.");
            }

            if (process.ExitCode != 0)
            {
                throw new LlamaCppUnavailableException($"npm install {Package}@{Version} failed: {error.Result}{output.Result}");
            }
        }
    }
}
