using System.Collections.Immutable;
using Moiety.Models.Json;

namespace Moiety.Models.Hub;

/// <summary>What the hub says of a model at one revision.</summary>
/// <param name="Commit">The commit that the revision stands for.</param>
/// <param name="Files">All files.</param>
public sealed record HubModel(string Commit, ImmutableArray<HubFile> Files)
{
    private const int MaxFiles = 100_000;

    // So that no sum of sizes overflows; the hub itself takes files of 50 GB.
    private const long MaxFileBytes = 1L << 46;

    /// <summary>Reads the hub's answer, which is hostile input like any file.</summary>
    /// <exception cref="InvalidInputException">It is malformed, or a name leads out of the folder.</exception>
    internal static HubModel Read(JsonField json)
    {
        string commit = json.Get("sha").Text();
        if (!HubFile.IsHash(commit))
        {
            throw json.Error("sha", $"\"{commit}\" is no commit");
        }

        HashSet<string> paths = new(StringComparer.Ordinal);
        ImmutableArray<HubFile>.Builder files = ImmutableArray.CreateBuilder<HubFile>();
        foreach (JsonField sibling in json.Get("siblings").Items())
        {
            JsonField? large = sibling.Object("lfs");
            string path = sibling.Get("rfilename").Text();
            string hash = large?.Text("sha256") ?? large?.Text("oid") ?? sibling.Get("blobId").Text();
            long size = (large?.Find("size") ?? sibling.Get("size")).Size();
            if (HubFile.FindDanger(path, size, hash) is { } danger)
            {
                throw json.Error("siblings", danger);
            }

            if (size > MaxFileBytes || !paths.Add(path))
            {
                throw json.Error("siblings", size > MaxFileBytes ? $"{path}: {size} bytes are too many for a file" : $"the file {path} is there twice");
            }

            files.Add(new HubFile(path, size, hash));
            if (files.Count > MaxFiles)
            {
                throw json.Error("siblings", $"there are more than {MaxFiles} files");
            }
        }

        return new HubModel(commit, files.ToImmutable());
    }
}
