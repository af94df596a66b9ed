using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Moiety.Data.Corpora;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers;

namespace Moiety.Training.Corpora;

/// <summary>
/// The tokens of a corpus, one document after the other with the end-of-text token behind each: tokenized once into a file that is named
/// after the hash of the corpus and the tokenizer, then memory-mapped.
/// </summary>
internal sealed unsafe class TokenCache : IDisposable
{
    private const int HeaderBytes = 64;
    private const ulong Magic = 0x31304b54_59544f4d; // "MOTYTK01"

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly int* _tokens;

    private TokenCache(string path, string key)
    {
        Key = key;
        long length = new FileInfo(path).Length;
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        ReadOnlySpan<byte> header = new(start, HeaderBytes);
        Count = BinaryPrimitives.ReadInt64LittleEndian(header[8..]);
        _tokens = (int*)(start + HeaderBytes);
    }

    /// <summary>Hash of what the tokens come from.</summary>
    internal string Key { get; }

    /// <summary>Number of tokens.</summary>
    internal long Count { get; }

    /// <summary>Opens the tokens of some corpora, making the file first when it is not there.</summary>
    /// <param name="corpora">Corpora, read in this order.</param>
    /// <param name="tokenizer">The tokenizer; needs an end-of-text token.</param>
    /// <param name="tokenizerHash">Hash of the tokenizer's file.</param>
    /// <param name="folder">Where caches lie.</param>
    /// <param name="progress">Told the number of tokens so far.</param>
    /// <param name="cancellationToken">Stops the tokenization; no file is left.</param>
    /// <exception cref="InvalidInputException">A corpus is missing or malformed, or the tokenizer has no end-of-text token.</exception>
    internal static TokenCache Open(IEnumerable<string> corpora, Tokenizer tokenizer, byte[] tokenizerHash, string folder, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        Corpus[] opened = [.. corpora.Select(Corpus.Open)];
        string key = Hash(opened.SelectMany(corpus => corpus.Files), tokenizerHash);
        string path = Path.Combine(folder, $"{key}.tokens");
        if (!IsComplete(path))
        {
            AtomicFile.Write(path, 0, stream => Write(stream, opened, tokenizer, progress, cancellationToken));
        }

        return new TokenCache(path, key);
    }

    /// <summary>A range of tokens.</summary>
    internal ReadOnlySpan<int> Read(long start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Count - length);
        return new ReadOnlySpan<int>(_tokens + start, length);
    }

    /// <summary>How often each token id occurs.</summary>
    /// <param name="vocabulary">Number of ids.</param>
    internal long[] CountIds(int vocabulary)
    {
        long[] counts = new long[vocabulary];
        for (long i = 0; i < Count; i++)
        {
            counts[_tokens[i]]++;
        }

        return counts;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    private static string Hash(IEnumerable<string> files, byte[] tokenizerHash)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(tokenizerHash);
        foreach (string file in files)
        {
            using FileStream stream = File.OpenRead(file);
            hash.AppendData(SHA256.HashData(stream));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..32];
    }

    private static bool IsComplete(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        using FileStream stream = File.OpenRead(path);
        Span<byte> header = stackalloc byte[HeaderBytes];
        return stream.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) == HeaderBytes
            && BinaryPrimitives.ReadUInt64LittleEndian(header) == Magic
            && BinaryPrimitives.ReadInt64LittleEndian(header[8..]) is var count
            && count >= 0
            && stream.Length - HeaderBytes == count * sizeof(int);
    }

    private static void Write(Stream file, Corpus[] corpora, Tokenizer tokenizer, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        if (tokenizer.EosTokenIds.Length == 0)
        {
            throw new InvalidInputException("The tokenizer has no end-of-text token, which separates documents; train it with <|endoftext|> among its special tokens.");
        }

        BufferedStream stream = new(file, 1 << 20); // Not disposed: the file is the caller's.
        int[] end = [tokenizer.EosTokenIds[0]];
        stream.Write(new byte[HeaderBytes]);
        long count = 0;
        long reported = 0;
        foreach (string text in corpora.SelectMany(corpus => corpus.ReadTexts(cancellationToken)))
        {
            int[] tokens = tokenizer.Encode(text, addSpecialTokens: false);
            stream.Write(MemoryMarshal.AsBytes<int>(tokens));
            stream.Write(MemoryMarshal.AsBytes<int>(end));
            count += tokens.Length + 1;
            if (count - reported >= 1 << 18)
            {
                progress?.Report(reported = count);
            }
        }

        Span<byte> header = stackalloc byte[HeaderBytes];
        header.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], count);
        stream.Flush();
        file.Position = 0;
        file.Write(header);
        progress?.Report(count);
    }
}
