using System.Collections.Immutable;
using Moiety.Models.Json;

namespace Moiety.Models.Hub;

/// <summary>
/// Brings models from the hub into the shared cache. Downloads go on where they were cut; what is in the cache under its name has been
/// verified against its hash; several processes may pull the same model.
/// </summary>
/// <param name="options">Where the hub and the cache are.</param>
public sealed class HubClient(HubOptions options) : IDisposable
{
    private const int MaxAnswerBytes = 64 << 20;
    private readonly HubRequests _requests = new(options);

    /// <summary>The cache.</summary>
    public HubCache Cache { get; } = new(options.CacheFolder);

    /// <summary>Asks the hub what a model consists of.</summary>
    /// <exception cref="HubException">The hub refuses or cannot be reached.</exception>
    /// <exception cref="InvalidInputException">Its answer is malformed.</exception>
    public async Task<HubModel> GetModelAsync(HubReference reference, Action<string>? waiting = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        string path = $"/api/models/{reference.Id}/revision/{Uri.EscapeDataString(reference.Revision)}?blobs=true";
        using HttpResponseMessage response = await _requests.GetPatientlyAsync(path, waiting, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw _requests.Refusal(reference, reference.ToString(), response.StatusCode);
        }

        byte[] answer;
        try
        {
            answer = await ReadAsync(response, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new HubException($"{reference}: the hub's answer was cut: {error.Message}. Try again later.");
        }

        return HubModel.Read(JsonField.Parse($"{options.Endpoint.Host}: {reference}", answer));
    }

    /// <summary>Brings a model into the cache, or finds it there.</summary>
    /// <param name="reference">The model.</param>
    /// <param name="progress">Told as bytes arrive.</param>
    /// <param name="cancellationToken">Stops; what has arrived stays and is used by the next attempt.</param>
    /// <returns>What to open: the snapshot's folder, or the first of its GGUF files.</returns>
    /// <exception cref="HubException">The hub refuses, cannot be reached, or sends something else than it announced.</exception>
    /// <exception cref="InvalidInputException">There is no such quantization, or the disk is full.</exception>
    public async Task<string> PullAsync(HubReference reference, IProgress<HubProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        if (options.IsOffline)
        {
            return Find(reference) ?? throw new HubException($"{reference}: it is not in the cache {Cache.Folder}, and the hub is not asked, since HF_HUB_OFFLINE is set.");
        }

        HubModel model = await GetModelAsync(reference, note => progress?.Report(new HubProgress(0, 0, 0, 0, note)), cancellationToken).ConfigureAwait(false);
        ImmutableArray<HubFile> files = HubSelection.Choose(reference, model);
        HubDownload download = new(_requests, Cache, options, reference, model.Commit, files, progress);
        RequireSpace(reference, files);
        await Parallel.ForEachAsync(
            files,
            new ParallelOptions { MaxDegreeOfParallelism = Math.Max(options.Parallelism, 1), CancellationToken = cancellationToken },
            async (file, stop) => await download.FetchAsync(file, stop).ConfigureAwait(false)).ConfigureAwait(false);
        Cache.WriteRef(reference, model.Commit);
        return Opened(Cache.SnapshotPath(reference, model.Commit, files[0]), files.Select(file => file.Path), reference, model.Commit);
    }

    /// <summary>A model that was pulled before, without asking the hub; null when it is not there.</summary>
    /// <returns>What to open, as <see cref="PullAsync"/>.</returns>
    public string? Find(HubReference reference)
    {
        if (Cache.FindSnapshot(reference) is not { } snapshot)
        {
            return null;
        }

        ImmutableArray<HubFile> files =
        [
            .. Directory.EnumerateFiles(snapshot, "*", SearchOption.AllDirectories)
                .Select(path => new HubFile(Path.GetRelativePath(snapshot, path).Replace(Path.DirectorySeparatorChar, '/'), 0, ""))
                .OrderBy(file => file.Path, StringComparer.Ordinal),
        ];
        try
        {
            ImmutableArray<HubFile> chosen = HubSelection.Choose(reference, new HubModel(Path.GetFileName(snapshot), files));
            return Opened(Path.Combine(snapshot, chosen[0].Path), chosen.Select(file => file.Path), reference, Path.GetFileName(snapshot));
        }
        catch (InvalidInputException)
        {
            // The snapshot is of another selection, or its download did not end.
            return null;
        }
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _requests.Dispose();

    private string Opened(string first, IEnumerable<string> files, HubReference reference, string commit) =>
        files.First().EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? first : Cache.FindSnapshot(reference with { Revision = commit })!;

    private void RequireSpace(HubReference reference, ImmutableArray<HubFile> files)
    {
        long missing = files.Where(file => !File.Exists(Cache.Blob(reference, file.Hash))).Sum(file =>
            file.Size - (new FileInfo(Cache.IncompleteBlob(reference, file.Hash)) is { Exists: true } part ? Math.Min(part.Length, file.Size) : 0));
        Directory.CreateDirectory(Cache.Folder);
        DriveInfo drive = new(Path.GetFullPath(Cache.Folder));
        if (missing > drive.AvailableFreeSpace)
        {
            throw new InvalidInputException($"{reference} needs {missing:#,0} more bytes, but {Cache.Folder} has {drive.AvailableFreeSpace:#,0} left. Make room, or set HF_HUB_CACHE to a folder on another disk.");
        }
    }

    private async Task<byte[]> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            using MemoryStream answer = new();
            byte[] buffer = new byte[1 << 16];
            int count;
            while ((count = await _requests.ReadAsync(stream, buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                answer.Write(buffer, 0, count);
                if (answer.Length > MaxAnswerBytes)
                {
                    throw new HubException($"the hub's answer is longer than {MaxAnswerBytes:#,0} bytes.");
                }
            }

            return answer.ToArray();
        }
    }
}
