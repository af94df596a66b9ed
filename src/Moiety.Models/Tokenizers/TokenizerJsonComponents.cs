using System.Collections.Immutable;
using Moiety.Models.Json;
using Moiety.Models.Tokenizers.Decoders;
using Moiety.Models.Tokenizers.Normalizers;
using Moiety.Models.Tokenizers.PostProcessors;
using Moiety.Models.Tokenizers.PreTokenizers;

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
    private PreTokenizer? _metaspace;
    private bool _marksSpaces;
    private bool _unmarksSpaces;

    private TokenizerJsonComponents(ImmutableArray<AddedToken> added) => _added = added;

    /// <summary>Whether bytes are spelled in GPT-2's alphabet; else pieces are SentencePiece-style.</summary>
    public bool IsByteLevel { get; private set; }

    /// <summary>Byte-level: cuts before merging.</summary>
    public ImmutableArray<PreTokenizer> PreTokenizers => _preTokenizers.ToImmutable();

    /// <summary>SentencePiece: whether spaces are marked.</summary>
    public bool MarksSpaces => _marksSpaces;

    /// <summary>SentencePiece: where a space is added.</summary>
    public SpacePrefix SpacePrefix { get; private set; }

    /// <summary>SentencePiece: whether every space begins a word.</summary>
    public bool SplitsAtSpaces { get; private set; }

    /// <summary>What happens to a text first, less what the space prefix and marks say already; or null.</summary>
    public Normalizer? Normalizer { get; private set; }

    /// <summary>What pieces mean in text, or null when the file does not say.</summary>
    public TokenDecoder? Decoder { get; private set; }

    /// <summary>What is put around a text, or null when the file does not say.</summary>
    public TokenTemplate? Template { get; private set; }

    /// <summary>Reads the four components.</summary>
    /// <param name="root">The file.</param>
    /// <param name="added">Its added tokens.</param>
    /// <param name="model">The type of its model.</param>
    public static TokenizerJsonComponents Read(JsonField root, ImmutableArray<AddedToken> added, string model)
    {
        TokenizerJsonComponents components = new(added);
        components.ReadNormalizer(root.Find("normalizer"));
        Each(root.Find("pre_tokenizer"), "pretokenizers", components.ReadPreTokenizer);
        components.Template = root.Find("post_processor") is { } processor ? TokenTemplate.Read(processor, added) : null;
        components.ReadDecoder(root.Find("decoder"));
        if (model != "BPE")
        {
            return components.IsByteLevel ? throw root.Error($"spells bytes (ByteLevel), which is not supported for the model {model}") : components;
        }

        if (components.IsByteLevel && (components._marksSpaces || components._unmarksSpaces))
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

    // Marks are set by the tokenizer itself, which is faster; but tokens that are found after normalization must see what it did.
    private void ReadNormalizer(JsonField? field)
    {
        if (field is not { } component)
        {
            return;
        }

        Normalizer normalizer = NormalizerTypes.Read(component);
        Normalizer[] stages = normalizer is SequenceNormalizer sequence ? [.. sequence.Normalizers] : [normalizer];
        _marksSpaces = stages.Any(stage => stage is ReplaceNormalizer { IsRegex: false, Pattern: " ", Content: Mark });
        bool folds = _marksSpaces && !_added.Any(token => token.Normalized);
        if (folds && stages is [PrependNormalizer { Content: Mark }, ReplaceNormalizer])
        {
            SpacePrefix = SpacePrefix.EverySegment;
        }
        else if (!folds || stages is not [ReplaceNormalizer])
        {
            Normalizer = normalizer;
        }
    }

    private void ReadPreTokenizer(JsonField field, string type)
    {
        if (_metaspace is { } metaspace)
        {
            // What comes after Metaspace must see its marks, so it is a stage like the others.
            _preTokenizers.Add(metaspace);
            _metaspace = null;
            SpacePrefix = SpacePrefix.None;
            SplitsAtSpaces = false;
        }

        switch (type)
        {
            // Gemma: spaces are marks by then, so there is nothing left to split at.
            case "Split" when _marksSpaces && field.Get("pattern").Text("String") == " ":
                break;
            case "Metaspace" when !IsByteLevel && (field.Text("replacement") ?? Mark) == Mark:
                ReadMetaspace(field);
                break;
            default:
                IsByteLevel |= type == "ByteLevel";
                _preTokenizers.Add(PreTokenizerReader.Read(field));
                break;
        }
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
        _metaspace = PreTokenizerReader.Read(field);
    }

    private void ReadDecoder(JsonField? field)
    {
        if (field is not { } component)
        {
            return;
        }

        Decoder = DecoderTypes.Read(component);
        TokenDecoder[] stages = Decoder is SequenceDecoder sequence ? [.. sequence.Decoders] : [Decoder];
        IsByteLevel |= stages.Any(stage => stage is ByteLevelDecoder);
        _unmarksSpaces = stages.Any(stage => stage is MetaspaceDecoder or ReplaceDecoder { Pattern: Mark, Content: " " });
        if (IsByteLevel && stages.Length > 1)
        {
            throw component.Error("other decoders beside ByteLevel are not supported");
        }

        Decoder = stages is [ByteLevelDecoder only] ? only : Decoder;
    }
}
