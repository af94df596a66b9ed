namespace Moiety.Testing;

/// <summary>
/// Public data files that the repository does not ship: the folder <c>shared/data</c> beside the checkout, or the one
/// that <c>MOIETY_SHARED</c> names. A test that wants a file is skipped, with the reason, where it is absent.
/// </summary>
public static class SharedData
{
    private static string Folder => Environment.GetEnvironmentVariable("MOIETY_SHARED") is { Length: > 0 } set
        ? set
        : Path.GetFullPath(Path.Combine(Repository.Root, "..", "shared", "data"));

    /// <summary>The full path of a file or folder, e.g. <c>gpt2-tokenizer/encoder.json</c>.</summary>
    public static string Require(string relativePath)
    {
        string path = Path.Combine(Folder, relativePath);
        Assert.SkipUnless(Path.Exists(path), $"{path} is absent: this check needs public data that the repository does not ship.");
        return path;
    }
}
