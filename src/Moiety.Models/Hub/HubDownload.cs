using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Moiety.Models.Checkpoints;

namespace Moiety.Models.Hub;

/// <summary>The download of one model's files.</summary>
internal sealed class HubDownload
{
    private const int BufferBytes = 1 << 17;
    private readonly HubRequests _requests;
    private readonly HubCache _cache;
    private readonly HubOptions _options;
    private readonly HubReference _reference;
    private readonly string _commit;
    private readonly IProgress<HubProgress>? _progress;
    private readonly Dictionary<string, long> _arrived;
    private readonly long _total;
    private readonly Lock _lock = new();
    private int _done;

    public HubDownload(
        HubRequests requests, HubCache cache, HubOptions options, HubReference reference, string commit, ImmutableArray<HubFile> files, IProgress<HubProgress>? progress)
    {
        _requests = requests;
        _cache = cache;
        _options = options;
        _reference = reference;
        _commit = commit;
        _progress = progress;
        _arrived = files.ToDictionary(file => file.Path, _ => 0L, StringComparer.Ordinal);
        _total = files.Sum(file => file.Size);
    }

    /// <summary>Brings one file into the cache and links it into the snapshot.</summary>
    /// <exception cref="HubException">The hub refuses, cannot be reached, or sends something else than it announced.</exception>
    /// <exception cref="InvalidInputException">The disk is full.</exception>
    public async Task FetchAsync(HubFile file, CancellationToken cancellationToken)
    {
        string blob = _cache.Blob(_reference, file.Hash);
        Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
        using (await _cache.LockAsync(_reference, file.Hash, cancellationToken).ConfigureAwait(false))
        {
            if (!File.Exists(blob))
            {
                await CompleteAsync(file, blob, cancellationToken).ConfigureAwait(false);
            }
        }

        _cache.Link(_reference, _commit, file);
        lock (_lock)
        {
            _arrived[file.Path] = file.Size;
            _done++;
        }

        Report(null);
    }

    /// <summary>Receives until the content is whole, then verifies it and gives it its name.</summary>
    private async Task CompleteAsync(HubFile file, string blob, CancellationToken cancellationToken)
    {
        string partial = _cache.IncompleteBlob(_reference, file.Hash);
        bool wasWrong = false;
        for (int attempt = 1; ; attempt++)
        {
            long before = new FileInfo(partial) is { Exists: true } part ? part.Length : 0;
            TimeSpan? told = null;
            string trouble;
            try
            {
                (trouble, told) = before < file.Size || file.Size == 0
                    ? await ReceiveAsync(file, partial, before, cancellationToken).ConfigureAwait(false)
                    : ("", null);
            }
            catch (Exception error) when (error is HttpRequestException || error is IOException disk && !DurableFileSystem.IsOutOfSpace(disk))
            {
                trouble = error.Message;
            }
            catch (IOException error)
            {
                throw new InvalidInputException($"{partial}: the disk is full. What has arrived stays: make room and pull again, or set HF_HUB_CACHE to a folder on another disk.", error);
            }

            long after = new FileInfo(partial) is { Exists: true } grown ? grown.Length : 0;
            if (after >= file.Size && File.Exists(partial))
            {
                if (after == file.Size && await HashAsync(file, partial, cancellationToken).ConfigureAwait(false) == file.Hash)
                {
                    File.Move(partial, blob);
                    return;
                }

                // Nothing tells which bytes are wrong: once more from the start, and then it is the hub's fault.
                File.Delete(partial);
                if (wasWrong)
                {
                    throw new HubException($"{_reference}: {file.Path} does not have the announced content (hash {file.Hash[..12]}…), twice. The hub or something on the way changes it.");
                }

                wasWrong = true;
                trouble = "the content is not the announced one";
            }

            attempt = after > before ? 1 : attempt;
            if (attempt >= _options.Attempts)
            {
                throw new HubException($"{_reference}: {file.Path}: {trouble}, after {attempt} attempts. What has arrived stays: pull again later.");
            }

            await _requests.WaitAsync(attempt, told, $"{file.Path}: {trouble}", Report, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Receives what one connection brings.</summary>
    /// <returns>What went wrong, and how long to wait; an empty text when the content came to its end.</returns>
    private async Task<(string Trouble, TimeSpan? Wait)> ReceiveAsync(HubFile file, string partial, long from, CancellationToken cancellationToken)
    {
        string path = $"/{_reference.Id}/resolve/{_commit}/{string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString))}";
        using HttpResponseMessage response = await _requests.GetAsync(path, from, cancellationToken).ConfigureAwait(false);
        if (HubRequests.IsPassing(response.StatusCode))
        {
            return ($"the hub answers {(int)response.StatusCode}", HubRequests.RetryAfter(response));
        }

        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            File.Delete(partial);
            return ("the hub does not have as many bytes", null);
        }

        if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.PartialContent))
        {
            throw _requests.Refusal(_reference, $"{_reference}: {file.Path}", response.StatusCode);
        }

        // A server that does not know ranges begins anew; one that sends another range than asked for is not understood.
        bool resumes = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == from;
        if (response.StatusCode == HttpStatusCode.PartialContent && !resumes)
        {
            return ("the hub sends other bytes than were asked for", null);
        }

        Stream source = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (source.ConfigureAwait(false))
        {
            FileStream target = new(partial, resumes ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
            await using (target.ConfigureAwait(false))
            {
                await CopyAsync(file, source, target, cancellationToken).ConfigureAwait(false);
            }
        }

        return (new FileInfo(partial).Length < file.Size ? "the connection was cut" : "", null);
    }

    private async Task CopyAsync(HubFile file, Stream source, FileStream target, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[BufferBytes];
        long written = target.Length;

        // One byte more than announced is enough to know that the content is wrong.
        while (written <= file.Size)
        {
            int count = await _requests.ReadAsync(source, buffer, cancellationToken).ConfigureAwait(false);
            if (count == 0)
            {
                return;
            }

            await target.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            written += count;
            lock (_lock)
            {
                _arrived[file.Path] = Math.Min(written, file.Size);
            }

            Report(null);
        }
    }

    private static async Task<string> HashAsync(HubFile file, string path, CancellationToken cancellationToken)
    {
        FileStream content = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.SequentialScan);
        await using (content.ConfigureAwait(false))
        {
            if (file.IsLarge)
            {
                return Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken).ConfigureAwait(false));
            }

            // Git hashes a header before the content.
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
            hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {content.Length}\0")));
            byte[] buffer = new byte[BufferBytes];
            int count;
            while ((count = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                hash.AppendData(buffer, 0, count);
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }

    private void Report(string? note)
    {
        if (_progress is not null)
        {
            HubProgress state;
            lock (_lock)
            {
                state = new HubProgress(_arrived.Values.Sum(), _total, _done, _arrived.Count, note);
            }

            _progress.Report(state);
        }
    }
}
