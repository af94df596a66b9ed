using System.Buffers;
using System.Text;
using Moiety.Data.Almanac;
using Moiety.Data.Corpora;
using Moiety.Data.Documents;
using Moiety.Data.Simulation;
using Moiety.Models;

namespace Moiety.Data;

/// <summary>
/// Writes the corpus of the story world: a seeded simulation of a small world, narrated in several forms. The document
/// at an index depends on the seed and the index alone, so chunks of indices are generated on several threads and
/// written in order: the bytes are the same on any machine and for any number of threads.
/// </summary>
public sealed class StoryWorldGenerator
{
    private const int ChunkLength = 256;
    private readonly StoryWorldOptions _options;
    private readonly (DocumentKind Kind, int Below)[] _kinds;
    private readonly int _totalWeight;
    private readonly int _associationPermille;
    private readonly FactTable _facts;

    /// <summary>Creates a generator.</summary>
    /// <exception cref="InvalidInputException">An option is out of range, or two contradict each other.</exception>
    public StoryWorldGenerator(StoryWorldOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        List<(DocumentKind Kind, int Below)> kinds = [];
        foreach (DocumentKind kind in DocumentKind.All)
        {
            int weight = options.Kinds is null ? kind.DefaultWeight : options.Kinds.GetValueOrDefault(kind.Name);
            if (weight > 0)
            {
                _totalWeight += weight;
                kinds.Add((kind, _totalWeight));
            }
        }

        _kinds = [.. kinds];
        _associationPermille = (int)Math.Round(options.Association * 1000, MidpointRounding.AwayFromZero);
        _facts = new FactTable(options.Residents);
    }

    /// <summary>The documents in order, as many as the options ask for, generated ahead on the options' threads.</summary>
    public IEnumerable<StoryDocument> Generate(CancellationToken cancellationToken = default) =>
        Chunks(static chunk => chunk, cancellationToken).SelectMany(chunk => chunk.Made).Select(made => made.Document);

    /// <summary>
    /// Writes the corpus to a file: to a temporary file beside it, which takes its place when it is complete. An
    /// existing file is replaced.
    /// </summary>
    /// <exception cref="InvalidInputException">The file cannot be written.</exception>
    public StoryWorldProgress Write(string path, IProgress<StoryWorldProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string full = Path.GetFullPath(path);
        string temporary = $"{full}.{Environment.ProcessId}.partial";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            StoryWorldProgress written;
            using (FileStream stream = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                written = Write(stream, progress, cancellationToken);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite: true);
            return written;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Discard(temporary);
            throw new InvalidInputException($"{path}: the corpus cannot be written ({error.Message}); check the folder, its permissions and the free space", error);
        }
        catch
        {
            Discard(temporary);
            throw;
        }
    }

    /// <summary>Writes the corpus to a stream.</summary>
    public StoryWorldProgress Write(Stream stream, IProgress<StoryWorldProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        StoryWorldProgress written = default;
        foreach (Chunk chunk in Chunks(Render, cancellationToken))
        {
            int used = chunk.Made.Length;
            stream.Write(chunk.Bytes.AsSpan(0, used > 0 ? chunk.Ends[used - 1] : 0));
            written = new StoryWorldProgress(written.Documents + used, written.TextBytes + chunk.Made.Sum(made => (long)made.TextBytes));
            progress?.Report(written);
        }

        return written;
    }

    private static void Discard(string temporary)
    {
        if (File.Exists(temporary))
        {
            File.Delete(temporary);
        }
    }

    private IEnumerable<Chunk> Chunks(Func<Chunk, Chunk> finish, CancellationToken cancellationToken)
    {
        Queue<Task<Chunk>> ahead = new();
        long next = 0;
        long documents = 0;
        long bytes = 0;
        while (true)
        {
            while (ahead.Count < _options.Threads * 2)
            {
                long first = next;
                next += ChunkLength;
                ahead.Enqueue(_options.Threads == 1
                    ? Task.FromResult(finish(Make(first)))
                    : Task.Run(() => finish(Make(first)), cancellationToken));
            }

            cancellationToken.ThrowIfCancellationRequested();
            Chunk chunk = ahead.Dequeue().GetAwaiter().GetResult();
            int take = 0;
            while (take < chunk.Made.Length && !IsEnough(documents, bytes))
            {
                documents++;
                bytes += chunk.Made[take].TextBytes;
                take++;
            }

            yield return take == chunk.Made.Length ? chunk : chunk with { Made = chunk.Made[..take] };
            if (IsEnough(documents, bytes))
            {
                yield break;
            }
        }
    }

    private bool IsEnough(long documents, long bytes) => documents >= (_options.Documents ?? long.MaxValue) || bytes >= (_options.SizeInBytes ?? long.MaxValue);

    private Chunk Make(long first)
    {
        List<(StoryDocument Document, int TextBytes)> made = new(ChunkLength * 2);
        for (long index = first; index < first + ChunkLength; index++)
        {
            StoryRandom random = new(_options.Seed, (ulong)index);
            int drawn = random.Next(_totalWeight);
            DocumentKind kind = Array.Find(_kinds, candidate => drawn < candidate.Below).Kind;
            foreach (StoryDocument document in kind.Create(new DocumentContext(random, $"{_options.Seed}-{index}", _associationPermille, _facts)))
            {
                made.Add((document, Encoding.UTF8.GetByteCount(document.Text)));
            }
        }

        return new Chunk([.. made], [], []);
    }

    private Chunk Render(Chunk chunk)
    {
        ArrayBufferWriter<byte> buffer = new(1 << 19);
        int[] ends = new int[chunk.Made.Length];
        using DocumentWriter writer = new(buffer);
        for (int i = 0; i < ends.Length; i++)
        {
            if (_options.Format == StoryWorldFormat.JsonLines)
            {
                writer.WriteJsonLine(chunk.Made[i].Document);
            }
            else
            {
                buffer.Write(Encoding.UTF8.GetBytes($"{chunk.Made[i].Document.Text}\n\n{Corpus.Separator}\n"));
            }

            ends[i] = buffer.WrittenCount;
        }

        return chunk with { Bytes = buffer.WrittenSpan.ToArray(), Ends = ends };
    }

    private sealed record Chunk((StoryDocument Document, int TextBytes)[] Made, byte[] Bytes, int[] Ends);
}
