using System.Text;
using System.Text.Json;
using Moiety.Models;

namespace Moiety.Data.Corpora;

/// <summary>
/// Texts to train, test or build a tokenizer on, read as a stream: a <c>.jsonl</c> file (a document a line, in its
/// <c>text</c> field), a <c>.txt</c> file (documents separated by a line <c>&lt;|endoftext|&gt;</c>; without such a line
/// the whole file is one document), a folder of such files, or a pattern such as <c>data/*.jsonl</c>. Files are read in
/// ordinal order of their paths, so a corpus gives the same documents in the same order on every machine.
/// </summary>
public sealed class Corpus
{
    /// <summary>The line that ends a document in a plain text corpus.</summary>
    public const string Separator = "<|endoftext|>";

    private const int MaximumDocumentLength = 256 << 20;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private Corpus(string[] files) => Files = files;

    /// <summary>The files of the corpus, in the order in which they are read.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>The total size of the files in bytes.</summary>
    public long SizeInBytes => Files.Sum(file => new FileInfo(file).Length);

    /// <summary>Finds the files of a corpus; their content is read, and judged, by <see cref="ReadDocuments"/>.</summary>
    /// <param name="path">A .jsonl or .txt file, a folder (searched with its subfolders), or a folder with a file name pattern of * and ?.</param>
    /// <exception cref="InvalidInputException">Nothing is there, or the file has another extension.</exception>
    public static Corpus Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (File.Exists(path))
        {
            return IsCorpusFile(path)
                ? new Corpus([path])
                : throw new InvalidInputException($"{path}: a corpus is a .jsonl or .txt file, not \"{Path.GetExtension(path)}\"; rename the file to what it holds");
        }

        string folder = path;
        string pattern = "*";
        SearchOption depth = SearchOption.AllDirectories;
        if (!Directory.Exists(path))
        {
            pattern = Path.GetFileName(path);
            folder = Path.GetDirectoryName(path) is { Length: > 0 } parent ? parent : ".";
            depth = SearchOption.TopDirectoryOnly;
            if (pattern.AsSpan().IndexOfAny('*', '?') < 0 || !Directory.Exists(folder))
            {
                throw new InvalidInputException($"{path}: no such file or folder; a corpus is a .jsonl or .txt file, a folder of them, or a pattern such as data/*.jsonl");
            }
        }

        string[] files = [.. Directory.EnumerateFiles(folder, pattern, depth).Where(IsCorpusFile).Order(StringComparer.Ordinal)];
        return files.Length > 0
            ? new Corpus(files)
            : throw new InvalidInputException($"{path}: holds no .jsonl or .txt file");
    }

    /// <summary>The texts of the documents, in order.</summary>
    /// <exception cref="InvalidInputException">As <see cref="ReadDocuments"/>.</exception>
    public IEnumerable<string> ReadTexts(CancellationToken cancellationToken = default)
    {
        foreach (CorpusDocument document in ReadDocuments(cancellationToken))
        {
            yield return document.Text;
        }
    }

    /// <summary>The documents, in order; one is in memory at a time.</summary>
    /// <exception cref="InvalidInputException">
    /// Bytes that are not UTF-8, a line that is not a JSON object, a missing or empty <c>text</c>: with file and line.
    /// </exception>
    public IEnumerable<CorpusDocument> ReadDocuments(CancellationToken cancellationToken = default)
    {
        foreach (string file in Files)
        {
            IEnumerable<CorpusDocument> documents = IsJsonLines(file) ? ReadJsonLines(file) : ReadPlainText(file);
            foreach (CorpusDocument document in documents)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return document;
            }
        }
    }

    /// <summary>The lines of a .jsonl file as JSON objects that have a <c>text</c>; empty lines are passed over.</summary>
    internal static IEnumerable<(JsonElement Root, CorpusDocument Document)> ReadObjects(string file)
    {
        using LineReader reader = new(file);
        while (TryReadText(reader, file, out string line))
        {
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            using JsonDocument json = Parse(line, file, reader.Line);
            string text = TextOf(json.RootElement, file, reader.Line);
            yield return (json.RootElement, new CorpusDocument(text, file, reader.Line) { Labels = LabelsOf(json.RootElement) });
        }
    }

    private static IEnumerable<CorpusDocument> ReadJsonLines(string file) => ReadObjects(file).Select(pair => pair.Document);

    private static JsonDocument Parse(string line, string file, long number)
    {
        try
        {
            return JsonDocument.Parse(line);
        }
        catch (JsonException error)
        {
            throw new InvalidInputException($"{file}, line {number}: not valid JSON ({error.Message}); each line must be one JSON object with a \"text\" field", error);
        }
    }

    private static string TextOf(JsonElement root, string file, long number)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidInputException($"{file}, line {number}: a JSON {root.ValueKind} where an object with a \"text\" field is expected");
        }

        if (!root.TryGetProperty("text", out JsonElement text) || text.ValueKind != JsonValueKind.String)
        {
            throw new InvalidInputException($"{file}, line {number}: the object has no \"text\" field that is a string");
        }

        return StringOf(text, "text", file, number);
    }

    private static DocumentLabels LabelsOf(JsonElement root) => new(LabelOf(root, "kind"), LabelOf(root, "register"), LabelOf(root, "language"));

    // Other corpora may use these names for something else; what is no text is no label.
    private static string? LabelOf(JsonElement root, string field)
    {
        try
        {
            return root.TryGetProperty(field, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The value of a JSON string; an escaped half of a surrogate pair is an error that names the line.</summary>
    internal static string StringOf(JsonElement element, string field, string file, long number)
    {
        try
        {
            string? value = element.GetString();
            return value is { Length: > 0 } ? value : throw new InvalidInputException($"{file}, line {number}: \"{field}\" is empty");
        }
        catch (InvalidOperationException error)
        {
            throw new InvalidInputException($"{file}, line {number}: \"{field}\" is not valid Unicode text ({error.Message})", error);
        }
    }

    private static IEnumerable<CorpusDocument> ReadPlainText(string file)
    {
        using LineReader reader = new(file);
        StringBuilder text = new();
        long first = 1;
        while (TryReadText(reader, file, out string line))
        {
            if (line == Separator)
            {
                if (Trimmed(text) is { } document)
                {
                    yield return new CorpusDocument(document, file, first);
                }

                text.Clear();
                first = reader.Line + 1;
                continue;
            }

            if (text.Length + line.Length > MaximumDocumentLength)
            {
                throw new InvalidInputException($"{file}, line {reader.Line}: a document of more than {MaximumDocumentLength >> 20} Mi characters; separate documents by a line {Separator}");
            }

            text.Append(line).Append('\n');
        }

        if (Trimmed(text) is { } last)
        {
            yield return new CorpusDocument(last, file, first);
        }
    }

    private static bool TryReadText(LineReader reader, string file, out string line)
    {
        if (!reader.TryRead(out ReadOnlySpan<byte> bytes))
        {
            line = "";
            return false;
        }

        if (bytes.EndsWith("\r"u8))
        {
            bytes = bytes[..^1];
        }

        try
        {
            line = StrictUtf8.GetString(bytes);
            return true;
        }
        catch (DecoderFallbackException error)
        {
            throw new InvalidInputException($"{file}, line {reader.Line}: byte {error.Index} of the line is not valid UTF-8; save the file as UTF-8", error);
        }
    }

    private static string? Trimmed(StringBuilder text)
    {
        string trimmed = text.ToString().Trim('\n', '\r');
        return trimmed.AsSpan().Trim().IsEmpty ? null : trimmed;
    }

    private static bool IsJsonLines(string path) => path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase);

    private static bool IsCorpusFile(string path) => IsJsonLines(path) || path.EndsWith(".txt", StringComparison.OrdinalIgnoreCase);
}
