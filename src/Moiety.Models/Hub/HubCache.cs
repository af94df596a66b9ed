using System.Collections.Immutable;

namespace Moiety.Models.Hub;

/// <summary>
/// The cache that all tools of the hub share, in the layout of <c>huggingface_hub</c>: <c>models--owner--name</c> with <c>blobs</c> (one
/// file for each content, named by its hash), <c>snapshots/commit</c> (links to blobs by file name) and <c>refs</c> (which commit a
/// revision stood for). A blob is there whole or not at all.
/// </summary>
public sealed class HubCache(string folder)
{
    private const string Prefix = "models--";
    private const string Incomplete = ".incomplete";

    /// <summary>The folder.</summary>
    public string Folder => folder;

    /// <summary>The models in it.</summary>
    public ImmutableArray<HubCachedModel> List() => !Directory.Exists(folder) ? [] :
    [
        .. Directory.EnumerateDirectories(folder, Prefix + "*").Order(StringComparer.Ordinal)
            .Select(path => (path, id: Path.GetFileName(path)[Prefix.Length..].Replace("--", "/", StringComparison.Ordinal)))
            .Where(model => HubReference.IsReference(model.id))
            .Select(model => Describe(model.path, model.id)),
    ];

    /// <summary>Folder of the snapshot that a revision stood for when it was pulled last; null when it was not.</summary>
    public string? FindSnapshot(HubReference reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        string commit = HubFile.IsHash(reference.Revision) ? reference.Revision : ReadRef(reference) ?? "";
        string snapshot = Path.Combine(ModelFolder(reference), "snapshots", commit);
        return HubFile.IsHash(commit) && Directory.Exists(snapshot) ? snapshot : null;
    }

    /// <summary>Removes a model with all its revisions.</summary>
    /// <returns>The bytes that were freed; null when the model is not there.</returns>
    public long? Remove(HubReference reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        string path = ModelFolder(reference);
        if (!Directory.Exists(path))
        {
            return null;
        }

        long bytes = Describe(path, reference.Id).Bytes;
        Directory.Delete(path, recursive: true);
        string locks = Path.Combine(folder, ".locks", Path.GetFileName(path));
        if (Directory.Exists(locks))
        {
            Directory.Delete(locks, recursive: true);
        }

        return bytes;
    }

    /// <summary>Where the content with a hash is or will be.</summary>
    internal string Blob(HubReference reference, string hash) => Path.Combine(ModelFolder(reference), "blobs", hash);

    /// <summary>Where a content grows while it is downloaded.</summary>
    internal string IncompleteBlob(HubReference reference, string hash) => Blob(reference, hash) + Incomplete;

    /// <summary>Takes the lock on a content, waiting for other processes that download it; the tools of the hub use the same.</summary>
    internal async Task<IDisposable> LockAsync(HubReference reference, string hash, CancellationToken cancellationToken)
    {
        string path = Path.Combine(folder, ".locks", Path.GetFileName(ModelFolder(reference)), hash + ".lock");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Links a blob into a snapshot.</summary>
    internal void Link(HubReference reference, string commit, HubFile file)
    {
        string path = SnapshotPath(reference, commit, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string target = Path.GetRelativePath(Path.GetDirectoryName(path)!, Blob(reference, file.Hash));
        string temporary = $"{path}.{Guid.NewGuid():N}";
        File.CreateSymbolicLink(temporary, target);
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Where a file of a snapshot is.</summary>
    internal string SnapshotPath(HubReference reference, string commit, HubFile file) =>
        Path.Combine([ModelFolder(reference), "snapshots", commit, .. file.Path.Split('/')]);

    /// <summary>Notes the commit that a revision stands for now.</summary>
    internal void WriteRef(HubReference reference, string commit)
    {
        if (!HubFile.IsHash(reference.Revision))
        {
            string path = RefPath(reference);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            string temporary = $"{path}.{Guid.NewGuid():N}";
            File.WriteAllText(temporary, commit);
            File.Move(temporary, path, overwrite: true);
        }
    }

    private string? ReadRef(HubReference reference)
    {
        string path = RefPath(reference);
        return File.Exists(path) && new FileInfo(path).Length < 1024 ? File.ReadAllText(path).Trim() : null;
    }

    private string RefPath(HubReference reference) => Path.Combine([ModelFolder(reference), "refs", .. reference.Revision.Split('/')]);

    private string ModelFolder(HubReference reference) => Path.Combine(folder, $"{Prefix}{reference.Owner}--{reference.Name}");

    private static HubCachedModel Describe(string path, string id)
    {
        FileInfo[] blobs = Directory.Exists(Path.Combine(path, "blobs")) ? new DirectoryInfo(Path.Combine(path, "blobs")).GetFiles() : [];
        string[] snapshots = Directory.Exists(Path.Combine(path, "snapshots")) ? Directory.GetDirectories(Path.Combine(path, "snapshots")) : [];
        return new HubCachedModel(
            id,
            blobs.Sum(blob => blob.Length),
            snapshots.Length,
            blobs.Any(blob => blob.Name.EndsWith(Incomplete, StringComparison.Ordinal)),
            blobs.Length == 0 ? Directory.GetLastWriteTimeUtc(path) : blobs.Max(blob => blob.LastWriteTimeUtc));
    }
}
