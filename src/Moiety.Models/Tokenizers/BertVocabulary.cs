using System.Collections.Immutable;
using System.Text;
using System.Text.Unicode;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers.Normalizers;
using Moiety.Models.Tokenizers.PostProcessors;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// Reads <c>vocab.txt</c>, one WordPiece a line, the way BERT and its descendants without a <c>tokenizer.json</c> have it; how text is
/// normalized stands in <c>tokenizer_config.json</c>.
/// </summary>
internal static class BertVocabulary
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "vocab.txt";

    // The largest published file, of a multilingual BERT, has 1 MB.
    private const long LargestFile = 64L << 20;

    private static readonly ImmutableArray<string> Classes =
        ["BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "MobileBertTokenizer", "ConvBertTokenizer", "LayoutLMTokenizer", "SqueezeBertTokenizer", "MPNetTokenizer"];

    /// <summary>Reads a file, with the settings beside it.</summary>
    /// <exception cref="InvalidCheckpointException">It cannot be read, is malformed, or belongs to a tokenizer of another kind.</exception>
    public static WordPieceTokenizer ReadFile(string path) =>
        Read(TokenizerJson.ReadBytes(path, LargestFile), TokenizerFolderConfig.Read(Path.GetDirectoryName(Path.GetFullPath(path))!), path);

    /// <summary>Reads the contents of a file.</summary>
    /// <param name="contents">The whole file.</param>
    /// <param name="config">The settings beside it.</param>
    /// <param name="path">Name of the file for errors.</param>
    /// <exception cref="InvalidCheckpointException">It is malformed, or belongs to a tokenizer of another kind.</exception>
    public static WordPieceTokenizer Read(ReadOnlySpan<byte> contents, TokenizerFolderConfig config, string path)
    {
        if (config.Class is { } name && !Classes.Contains(name))
        {
            throw config.Error("tokenizer_class", $"\"{name}\" with a {FileName} is not supported; supported are: {string.Join(", ", Classes)}");
        }

        List<string?> pieces = ReadLines(contents, path);
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        for (int id = 0; id < pieces.Count; id++)
        {
            ids[pieces[id]!] = id;
        }

        bool mpnet = config.Class == "MPNetTokenizer";
        int start = Find(config, "cls_token", mpnet ? "<s>" : "[CLS]", ids, path);
        int end = Find(config, "sep_token", mpnet ? "</s>" : "[SEP]", ids, path);
        TemplatePiece[] single = [TemplatePiece.OfToken(start, 0), TemplatePiece.OfText(0, 0), TemplatePiece.OfToken(end, 0)];
        try
        {
            return new WordPieceTokenizer(pieces, new WordPieceOptions
            {
                AddedTokens = Added(config, ids, mpnet),
                UnknownTokenId = Find(config, "unk_token", "[UNK]", ids, path),
                Prefix = [start],
                Suffix = [end],
                Pair = mpnet
                    ? [.. single, TemplatePiece.OfToken(end, 0), TemplatePiece.OfText(1, 0), TemplatePiece.OfToken(end, 0)]
                    : [.. single, TemplatePiece.OfText(1, 1), TemplatePiece.OfToken(end, 1)],
                Normalizer = new BertNormalizer
                {
                    Lowercase = config.Flag("do_lower_case") ?? true,
                    StripAccents = config.Flag("strip_accents"),
                    HandleChineseChars = config.Flag("tokenize_chinese_chars") ?? true,
                },
                PreTokenizers = config.Flag("do_basic_tokenize") == false
                    ? throw config.Error("do_basic_tokenize", "false is not supported")
                    : new WordPieceOptions().PreTokenizers,
            });
        }
        catch (InvalidInputException error) when (error is not InvalidCheckpointException)
        {
            throw new InvalidCheckpointException(path, "vocabulary", error.Message);
        }
    }

    private static List<string?> ReadLines(ReadOnlySpan<byte> contents, string path)
    {
        List<string?> pieces = [];
        while (!contents.IsEmpty)
        {
            int end = contents.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? contents : contents[..end];
            contents = end < 0 ? [] : contents[(end + 1)..];
            line = line is [.., (byte)'\r'] ? line[..^1] : line;
            if (!Utf8.IsValid(line) || line.Length > VocabularyTokenizer.LongestAddedToken || pieces.Count == VocabularyTokenizer.LargestVocabulary)
            {
                throw new InvalidCheckpointException(path, $"line {pieces.Count + 1}", "it is not UTF-8, is too long, or is one of too many: is this a vocab.txt?");
            }

            pieces.Add(Encoding.UTF8.GetString(line));
        }

        return pieces.Count > 0 ? pieces : throw new InvalidCheckpointException(path, "file", "it is empty");
    }

    private static int Find(TokenizerFolderConfig config, string name, string usual, Dictionary<string, int> ids, string path)
    {
        string token = config.Token(name) ?? usual;
        return ids.TryGetValue(token, out int id) ? id : throw new InvalidCheckpointException(path, name, $"\"{token}\" is not in the vocabulary");
    }

    private static ImmutableArray<AddedToken> Added(TokenizerFolderConfig config, Dictionary<string, int> ids, bool mpnet)
    {
        List<AddedToken> added = [.. config.AddedTokens()];
        foreach ((string name, string usual) in (ReadOnlySpan<(string, string)>)
            [("pad_token", mpnet ? "<pad>" : "[PAD]"), ("unk_token", "[UNK]"), ("cls_token", mpnet ? "<s>" : "[CLS]"), ("sep_token", mpnet ? "</s>" : "[SEP]"), ("mask_token", mpnet ? "<mask>" : "[MASK]")])
        {
            if (ids.TryGetValue(config.Token(name) ?? usual, out int id) && !added.Any(token => token.Id == id))
            {
                added.Add(new AddedToken { Id = id, Content = config.Token(name) ?? usual, Special = true, LeftStrip = mpnet && name == "mask_token" });
            }
        }

        foreach (AddedToken token in added.Where(token => ids.TryGetValue(token.Content, out int id) && id != token.Id))
        {
            throw config.Error("added_tokens_decoder", $"\"{token.Content}\" with id {token.Id} clashes with the vocabulary");
        }

        return [.. added];
    }
}
