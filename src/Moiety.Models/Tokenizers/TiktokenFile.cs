using System.Buffers.Text;
using System.Collections.Immutable;
using System.Globalization;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers.Normalizers;
using Moiety.Models.Tokenizers.PreTokenizers;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// Reads the rank files of tiktoken: on each line a token in Base64 and its rank, which is its id. Two neighbors merge when they spell a
/// token, the one of lowest rank first. How text is cut and the special tokens are not in the file; its name tells them.
/// </summary>
internal static class TiktokenFile
{
    /// <summary>Extension of the file.</summary>
    public const string Extension = ".tiktoken";

    // The longest published token is of 128 bytes.
    private const int LongestToken = 256;
    private const long LargestFile = 64L << 20;
    private const string EndOfText = "<|endoftext|>";

    private static readonly ImmutableArray<Encoding> Known =
    [
        new("r50k_base", KnownPatterns.Gpt2) { Special = [(50256, EndOfText)] },
        new("gpt2", KnownPatterns.Gpt2) { Special = [(50256, EndOfText)] },
        new("p50k_base", KnownPatterns.Gpt2) { Special = [(50256, EndOfText)] },
        new("cl100k_base", KnownPatterns.Llama3)
        {
            Special = [(100257, EndOfText), (100258, "<|fim_prefix|>"), (100259, "<|fim_middle|>"), (100260, "<|fim_suffix|>"), (100276, "<|endofprompt|>")],
        },
        new("o200k_base", KnownPatterns.O200k) { Special = [(199999, EndOfText), (200018, "<|endofprompt|>")] },
        new("qwen", KnownPatterns.Qwen2)
        {
            Special = [(151643, EndOfText), (151644, "<|im_start|>"), (151645, "<|im_end|>"), .. Enumerable.Range(0, 205).Select(static i => (151646 + i, $"<|extra_{i}|>"))],
            Composes = true,
        },
    ];

    /// <summary>Names of the files.</summary>
    public static ImmutableArray<string> FileNames { get; } = [.. Known.Select(static known => known.Name + Extension)];

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidCheckpointException">It cannot be read, is malformed, or has a name that is not known.</exception>
    public static ByteLevelBpeTokenizer ReadFile(string path) => Read(TokenizerJson.ReadBytes(path, LargestFile), path);

    /// <summary>Reads the contents of a file.</summary>
    /// <param name="contents">The whole file.</param>
    /// <param name="path">Its name, which tells how text is cut.</param>
    /// <exception cref="InvalidCheckpointException">It is malformed, or has a name that is not known.</exception>
    public static ByteLevelBpeTokenizer Read(ReadOnlySpan<byte> contents, string path)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        Encoding encoding = Known.FirstOrDefault(known => known.Name == name) ?? throw new InvalidCheckpointException(
            path, "name", $"how text is cut is not in a {Extension} file, and its name is none of: {string.Join(", ", FileNames)}");
        List<byte[]?> tokens = ReadTokens(contents, path);
        List<BpeMerge> merges = FindMerges(tokens, path);
        List<string?> pieces = [.. tokens.Select(static bytes => bytes is null ? null : ByteAlphabet.Spell(bytes))];
        foreach ((int id, string content) in encoding.Special)
        {
            while (pieces.Count <= id)
            {
                pieces.Add(null);
            }

            pieces[id] = pieces[id] is null ? content : throw new InvalidCheckpointException(path, $"rank {id}", $"it is the id of {content}");
        }

        try
        {
            return new ByteLevelBpeTokenizer(pieces, merges, new ByteLevelBpeOptions
            {
                AddedTokens = [.. encoding.Special.Select(static token => new AddedToken { Id = token.Id, Content = token.Content, Special = true, Normalized = false })],
                EosTokenIds = [encoding.Special[0].Id],
                PreTokenizers = [new SplitPreTokenizer(encoding.Pattern), new ByteLevelPreTokenizer(usesPattern: false)],
                IgnoreMerges = true,
                Normalizer = encoding.Composes ? new UnicodeNormalizer(UnicodeForm.Nfc) : null,
            });
        }
        catch (InvalidInputException error)
        {
            throw new InvalidCheckpointException(path, "ranks", error.Message);
        }
    }

    private static List<byte[]?> ReadTokens(ReadOnlySpan<byte> contents, string path)
    {
        List<byte[]?> tokens = [];
        int number = 0;
        foreach (Range range in contents.Split((byte)'\n'))
        {
            number++;
            ReadOnlySpan<byte> line = contents[range].TrimEnd((byte)'\r');
            if (line.IsEmpty)
            {
                continue;
            }

            int space = line.IndexOf((byte)' ');
            if (space < 1 || space > 2 * LongestToken
                || !int.TryParse(line[(space + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int rank)
                || rank >= VocabularyTokenizer.LargestVocabulary)
            {
                throw Error("must be a token in Base64, a space and a rank");
            }

            byte[] token = new byte[Base64.GetMaxDecodedFromUtf8Length(space)];
            if (Base64.DecodeFromUtf8(line[..space], token, out _, out int length) != System.Buffers.OperationStatus.Done || length is 0 or > LongestToken)
            {
                throw Error($"the token is not Base64, or is longer than {LongestToken} bytes");
            }

            while (tokens.Count <= rank)
            {
                tokens.Add(null);
            }

            tokens[rank] = tokens[rank] is null ? token[..length] : throw Error($"the rank {rank} is there twice");
        }

        return tokens.Count > 0 ? tokens : throw new InvalidCheckpointException(path, "file", "it is empty");

        InvalidCheckpointException Error(string reason) => new(path, $"line {number}", reason);
    }

    // Every way in which two tokens spell a third; among those of one token, the order is that of Hugging Face's converter.
    private static List<BpeMerge> FindMerges(List<byte[]?> tokens, string path)
    {
        ByteStringTable table = new();
        List<int> ids = [];
        for (int id = 0; id < tokens.Count; id++)
        {
            if (tokens[id] is { } token)
            {
                if (table.GetOrAdd(token) != ids.Count)
                {
                    throw new InvalidCheckpointException(path, $"rank {id}", "its token is there twice");
                }

                ids.Add(id);
            }
        }

        List<BpeMerge> merges = [];
        List<BpeMerge> ways = [];
        for (int id = 0; id < tokens.Count; id++)
        {
            ReadOnlySpan<byte> token = tokens[id];
            ways.Clear();
            for (int cut = 1; cut < token.Length; cut++)
            {
                if (table.Find(token[..cut]) is >= 0 and int left && table.Find(token[cut..]) is >= 0 and int right)
                {
                    ways.Add(new BpeMerge(ids[left], ids[right], id));
                }
            }

            merges.AddRange(ways.OrderBy(static way => way.Left).ThenBy(static way => way.Right));
        }

        return merges;
    }

    private sealed record Encoding(string Name, string Pattern)
    {
        public ImmutableArray<(int Id, string Content)> Special { get; init; } = [];

        // Whether text is normalized to NFC.
        public bool Composes { get; init; }
    }
}
