using Moiety.LlamaCpp;

namespace Moiety.Parity.Tests;

/// <summary>
/// llama.cpp for a test. Where it can't be had the test is skipped with the reason; with <c>MOIETY_REQUIRE_ORACLES=1</c>
/// (as in <c>.ci/run</c>) it fails instead.
/// </summary>
public static class LlamaCppOracle
{
    // The library can be loaded once in a process: the tests share it.
    private static readonly Lazy<(LlamaCppLibrary? Library, string Reason)> Loaded = new(Load);

    /// <summary>The library, or the end of the test.</summary>
    public static LlamaCppLibrary Require()
    {
        (LlamaCppLibrary? library, string reason) = Loaded.Value;
        if (Environment.GetEnvironmentVariable("MOIETY_REQUIRE_ORACLES") == "1")
        {
            Assert.True(library is not null, $"MOIETY_REQUIRE_ORACLES=1 asks for llama.cpp: {reason}");
        }

        Assert.SkipWhen(library is null, $"llama.cpp as oracle is not available: {reason}");
        return library!;
    }

    private static (LlamaCppLibrary? Library, string Reason) Load()
    {
        try
        {
            return (new LlamaCppLibrary(LlamaCppPackage.Locate()), "");
        }
        catch (LlamaCppUnavailableException e)
        {
            return (null, e.Message);
        }
    }
}
