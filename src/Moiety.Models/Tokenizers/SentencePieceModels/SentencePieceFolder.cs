using System.Collections.Immutable;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers.Normalizers;
using Moiety.Models.Tokenizers.PostProcessors;

namespace Moiety.Models.Tokenizers.SentencePieceModels;

/// <summary>
/// Reads a SentencePiece file of a Hugging Face folder without <c>tokenizer.json</c>: the tokens around a text follow from the class
/// in <c>tokenizer_config.json</c>; without one, byte-pair models get their BOS token and Unigram models nothing.
/// </summary>
internal static class SentencePieceFolder
{
    /// <summary>Names of the file, the most usual first.</summary>
    public static ImmutableArray<string> FileNames { get; } = ["tokenizer.model", "spm.model", "spiece.model", "sentencepiece.bpe.model"];

    // Others rewrite text or move ids around in code of their own.
    private static readonly ImmutableArray<string> Classes =
        ["LlamaTokenizer", "CodeLlamaTokenizer", "GemmaTokenizer", "T5Tokenizer", "DebertaV2Tokenizer", "PreTrainedTokenizer", "InternLM2Tokenizer", "BaichuanTokenizer"];

    /// <summary>Reads a file, with the settings beside it.</summary>
    /// <exception cref="InvalidCheckpointException">It cannot be read, is malformed, or belongs to a tokenizer of another kind.</exception>
    public static SentencePieceTokenizer ReadFile(string path) =>
        Create(SentencePieceModel.ReadFile(path), TokenizerFolderConfig.Read(Path.GetDirectoryName(Path.GetFullPath(path))!), path);

    /// <summary>Puts a model and the settings beside it together.</summary>
    /// <exception cref="InvalidCheckpointException">They contradict each other, or belong to a tokenizer of another kind.</exception>
    public static SentencePieceTokenizer Create(SentencePieceModel model, TokenizerFolderConfig config, string path)
    {
        if (config.Class is { } name && !Classes.Contains(name))
        {
            throw config.Error(
                "tokenizer_class", $"\"{name}\" without a {TokenizerJson.FileName} is not supported; supported are: {string.Join(", ", Classes)}");
        }

        ImmutableArray<AddedToken> added = config.AddedTokens();
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        for (int id = 0; id < model.Pieces.Length; id++)
        {
            if (!ids.TryAdd(model.Pieces[id].Text, id))
            {
                throw new InvalidCheckpointException(path, $"piece {id}", $"\"{model.Pieces[id].Text}\" is there twice");
            }
        }

        foreach (AddedToken token in added)
        {
            if ((ids.TryGetValue(token.Content, out int id) && id != token.Id) || (token.Id < model.Pieces.Length && model.Pieces[token.Id].Text != token.Content))
            {
                throw config.Error("added_tokens_decoder", $"\"{token.Content}\" with id {token.Id} clashes with the vocabulary");
            }

            ids[token.Content] = token.Id;
        }

        int? bos = Find(config, "bos_token", ids) ?? InRange(model, model.BosId);
        int? eos = Find(config, "eos_token", ids) ?? InRange(model, model.EosId);
        TokenizerOptions template = new() { BosTokenId = bos, EosTokenIds = eos is int last ? [last] : [] };
        return SentencePieceModelTokenizer.Create(model, added, config.Class == "DebertaV2Tokenizer"
            ? Deberta(config, template, ids, path)
            : Around(template, AddsBos(model, config) ? bos : null, AddsEos(config) ? eos : null, noTypes: config.Class == "T5Tokenizer"), path);
    }

    private static TokenizerOptions Around(TokenizerOptions options, int? before, int? after, bool noTypes)
    {
        ImmutableArray<int> prefix = before is int first ? [first] : [];
        ImmutableArray<int> suffix = after is int last ? [last] : [];
        return options with
        {
            Prefix = prefix,
            Suffix = suffix,
            Pair = !noTypes ? [] :
            [
                .. prefix.Select(id => TemplatePiece.OfToken(id, 0)), TemplatePiece.OfText(0, 0), .. suffix.Select(id => TemplatePiece.OfToken(id, 0)),
                .. prefix.Select(id => TemplatePiece.OfToken(id, 0)), TemplatePiece.OfText(1, 0), .. suffix.Select(id => TemplatePiece.OfToken(id, 0)),
            ],
        };
    }

    private static bool AddsBos(SentencePieceModel model, TokenizerFolderConfig config) => config.Flag("add_bos_token")
        ?? config.Class switch
        {
            "T5Tokenizer" => false,
            null or "PreTrainedTokenizer" => model.Type == SentencePieceModelType.Bpe,
            _ => true,
        };

    private static bool AddsEos(TokenizerFolderConfig config) => config.Flag("add_eos_token") ?? config.Class == "T5Tokenizer";

    private static TokenizerOptions Deberta(TokenizerFolderConfig config, TokenizerOptions options, Dictionary<string, int> ids, string path)
    {
        if (config.Flag("split_by_punct") == true)
        {
            throw config.Error("split_by_punct", "true is not supported without a tokenizer.json");
        }

        int start = Find(config, "cls_token", ids) ?? Require("[CLS]", ids, path);
        int end = Find(config, "sep_token", ids) ?? Require("[SEP]", ids, path);
        TemplatePiece[] single = [TemplatePiece.OfToken(start, 0), TemplatePiece.OfText(0, 0), TemplatePiece.OfToken(end, 0)];
        return options with
        {
            Prefix = [start],
            Suffix = [end],
            Pair = [.. single, TemplatePiece.OfText(1, 1), TemplatePiece.OfToken(end, 1)],
            Normalizer = config.Flag("do_lower_case") == true ? new LowercaseNormalizer() : null,
        };
    }

    private static int Require(string token, Dictionary<string, int> ids, string path) =>
        ids.TryGetValue(token, out int id) ? id : throw new InvalidCheckpointException(path, "pieces", $"\"{token}\" is not in the vocabulary");

    private static int? Find(TokenizerFolderConfig config, string name, Dictionary<string, int> ids) =>
        config.Token(name) is { } token && ids.TryGetValue(token, out int id) ? id : null;

    private static int? InRange(SentencePieceModel model, int id) => id >= 0 && id < model.Pieces.Length ? id : null;
}
