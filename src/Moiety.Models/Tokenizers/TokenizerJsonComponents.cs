using System.Collections.Immutable;
using Moiety.Models.Json;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// What the normalizer, pre-tokenizer, post-processor and decoder of a <c>tokenizer.json</c> amount to. Reading one component fills in the
/// fields that it means; a combination without a meaning here is an error.
/// </summary>
internal sealed class TokenizerJsonComponents
{
    private const string Mark = "\u2581";
    private readonly ImmutableArray<PreTokenizer>.Builder _preTokenizers = ImmutableArray.CreateBuilder<PreTokenizer>();
    private readonly ImmutableArray<AddedToken> _added;
    private bool _marksSpaces;
    private bool _unmarksSpaces;

    private TokenizerJsonComponents(ImmutableArray<AddedToken> added) => _added = added;

    /// <summary>Whether bytes are spelled in GPT-2's alphabet; else pieces are SentencePiece-style.</summary>
    public bool IsByteLevel { get; private set; }

    /// <summary>Byte-level: cuts before merging.</summary>
    public ImmutableArray<PreTokenizer> PreTokenizers => _preTokenizers.ToImmutable();

    /// <summary>Byte-level: whether a text gets a space before it.</summary>
    public bool AddPrefixSpace { get; private set; }

    /// <summary>SentencePiece: where a space is added.</summary>
    public SpacePrefix SpacePrefix { get; private set; }

    /// <summary>SentencePiece: whether every space begins a word.</summary>
    public bool SplitsAtSpaces { get; private set; }

    /// <summary>SentencePiece: whether decoding drops a leading space.</summary>
    public bool StripsLeadingSpace { get; private set; }

    /// <summary>Whether the file says what to put around a text.</summary>
    public bool HasTemplate { get; private set; }

    /// <summary>Tokens before a text.</summary>
    public ImmutableArray<int> Prefix { get; private set; } = [];

    /// <summary>Tokens after a text.</summary>
    public ImmutableArray<int> Suffix { get; private set; } = [];

    /// <summary>Reads the four components.</summary>
    public static TokenizerJsonComponents Read(JsonField root, ImmutableArray<AddedToken> added)
    {
        TokenizerJsonComponents components = new(added);
        Each(root.Find("normalizer"), "normalizers", components.ReadNormalizer);
        Each(root.Find("pre_tokenizer"), "pretokenizers", components.ReadPreTokenizer);
        Each(root.Find("post_processor"), "processors", components.ReadPostProcessor);
        Each(root.Find("decoder"), "decoders", components.ReadDecoder);
        if (components.IsByteLevel ? components._marksSpaces || components._unmarksSpaces : components._preTokenizers.Count > 0)
        {
            throw root.Error("mixes byte-level and SentencePiece-style components; supported is one or the other");
        }

        if (!components.IsByteLevel && !components._marksSpaces)
        {
            throw root.Error($"neither spells bytes (ByteLevel) nor marks spaces as \"{Mark}\" (Replace, Metaspace); supported is one of them");
        }

        return components;
    }

    private static void Each(JsonField? component, string list, Action<JsonField, string> read)
    {
        if (component is not { } field)
        {
            return;
        }

        string type = field.Get("type").Text();
        if (type != "Sequence")
        {
            read(field, type);
            return;
        }

        foreach (JsonField item in field.Get(list).Items())
        {
            read(item, item.Get("type").Text());
        }
    }

    private void ReadNormalizer(JsonField field, string type)
    {
        switch (type)
        {
            case "NFC":
                break;
            case "Prepend" when field.Get("prepend").Text() == Mark:
                SpacePrefix = SpacePrefix.EverySegment;
                break;
            case "Replace" when IsReplace(field, " ", Mark):
                _marksSpaces = true;
                break;
            default:
                throw Unsupported(field, "normalizer", type, $"NFC, Prepend of \"{Mark}\", Replace of a space by \"{Mark}\"");
        }
    }

    private void ReadPreTokenizer(JsonField field, string type)
    {
        if (IsByteLevel)
        {
            throw field.Error($"a pre-tokenizer {type} after ByteLevel is not supported; ByteLevel must be the last one");
        }

        switch (type)
        {
            case "ByteLevel":
                IsByteLevel = true;
                AddPrefixSpace = field.Boolean("add_prefix_space", absent: true);
                if (field.Boolean("use_regex", absent: true))
                {
                    _preTokenizers.Add(new Gpt2PreTokenizer());
                }

                if (AddPrefixSpace && _preTokenizers.Count > (field.Boolean("use_regex", absent: true) ? 1 : 0))
                {
                    throw field.Error("add_prefix_space after another pre-tokenizer is not supported");
                }

                break;
            case "Digits":
                _preTokenizers.Add(PreTokenizerNames.ForDigits(field.Boolean("individual_digits", absent: false)));
                break;
            case "Split" when field.Get("pattern").Find("Regex") is { } regex:
                ReadRegexSplit(field, regex);
                break;

            // Gemma: spaces are marks by then, so there is nothing left to split at.
            case "Split" when field.Get("pattern").Text("String") == " " && _marksSpaces:
                break;
            case "Metaspace" when (field.Text("replacement") ?? Mark) == Mark:
                ReadMetaspace(field);
                break;
            default:
                throw Unsupported(field, "pre-tokenizer", type, "ByteLevel, Split by a known Regex, Digits, Metaspace");
        }
    }

    private void ReadRegexSplit(JsonField field, JsonField regex)
    {
        string behavior = field.Get("behavior").Text();
        bool invert = field.Boolean("invert", absent: false);
        if (behavior != "Isolated" && !(behavior == "Removed" && invert))
        {
            throw field.Error($"the behavior \"{behavior}\" (invert: {invert}) is not supported; supported is Isolated");
        }

        string pattern = regex.Text();
        _preTokenizers.Add(PreTokenizerNames.FindPattern(pattern) ?? throw regex.Error(
            $"the pattern {pattern} is not known; the patterns of these are: {PreTokenizerNames.All}"));
    }

    private void ReadMetaspace(JsonField field)
    {
        _marksSpaces = true;
        string scheme = field.Text("prepend_scheme") ?? (field.Boolean("add_prefix_space", absent: true) ? "always" : "never");
        SpacePrefix = scheme switch
        {
            "always" => SpacePrefix.EverySegmentWithoutSpace,
            "first" => SpacePrefix.FirstSegmentWithoutSpace,
            "never" => SpacePrefix.None,
            _ => throw field.Error($"the prepend_scheme \"{scheme}\" is not known; known are always, first and never"),
        };
        SplitsAtSpaces = field.Boolean("split", absent: true);
    }

    private void ReadPostProcessor(JsonField field, string type)
    {
        switch (type)
        {
            case "ByteLevel":
                break;
            case "TemplateProcessing":
                ReadTemplate(field);
                break;
            case "RobertaProcessing" or "BertProcessing":
                HasTemplate = true;
                Prefix = [ReadProcessingToken(field.Get("cls"))];
                Suffix = [ReadProcessingToken(field.Get("sep"))];
                break;
            default:
                throw Unsupported(field, "post-processor", type, "ByteLevel, TemplateProcessing, RobertaProcessing, BertProcessing");
        }
    }

    private void ReadTemplate(JsonField field)
    {
        HasTemplate = true;
        ImmutableArray<int>.Builder before = ImmutableArray.CreateBuilder<int>();
        ImmutableArray<int>.Builder after = ImmutableArray.CreateBuilder<int>();
        bool seenText = false;
        foreach (JsonField item in field.Get("single").Items())
        {
            if (item.Find("SpecialToken") is not { } special)
            {
                item.Get("Sequence");
                if (seenText)
                {
                    throw item.Error("has the text twice");
                }

                seenText = true;
                continue;
            }

            JsonField token = field.Get("special_tokens").Get(special.Get("id").Text());
            (seenText ? after : before).AddRange(token.Get("ids").Items().Select(id => id.Count(VocabularyTokenizer.LargestVocabulary)));
        }

        if (!seenText)
        {
            throw field.Error("has no place for the text (Sequence)");
        }

        Prefix = before.ToImmutable();
        Suffix = after.ToImmutable();
    }

    private int ReadProcessingToken(JsonField pair)
    {
        JsonField[] items = [.. pair.Items()];
        int id = items.Length == 2 ? items[1].Count(VocabularyTokenizer.LargestVocabulary) : throw pair.Error("must be a token and its id");
        return _added.Any(token => token.Id == id) ? id : throw pair.Error($"the id {id} is not that of an added token");
    }

    private void ReadDecoder(JsonField field, string type)
    {
        switch (type)
        {
            case "ByteLevel":
                IsByteLevel = true;
                break;
            case "ByteFallback" or "Fuse":
                break;
            case "Replace" when IsReplace(field, Mark, " "):
                _unmarksSpaces = true;
                break;
            case "Strip" when field.Get("content").Text() == " " && field.Get("start").Count(2) >= 0 && field.Get("stop").Count(1) == 0:
                StripsLeadingSpace = field.Get("start").Count(2) == 1;
                break;
            case "Metaspace" when (field.Text("replacement") ?? Mark) == Mark:
                _unmarksSpaces = true;
                StripsLeadingSpace = (field.Text("prepend_scheme") ?? "always") != "never" && field.Boolean("add_prefix_space", absent: true);
                break;
            default:
                throw Unsupported(
                    field, "decoder", type, $"ByteLevel, ByteFallback, Fuse, Replace of \"{Mark}\" by a space, Strip of one space before the text, Metaspace");
        }
    }

    private static bool IsReplace(JsonField field, string from, string to) =>
        field.Get("pattern").Text("String") == from && field.Get("content").Text() == to;

    private static Checkpoints.InvalidCheckpointException Unsupported(JsonField field, string kind, string type, string supported) =>
        field.Error($"the {kind} {type} is not supported with these settings; supported are: {supported}");
}
