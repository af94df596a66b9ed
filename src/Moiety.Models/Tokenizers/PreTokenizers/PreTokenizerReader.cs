using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;
using Moiety.Models.Json;

namespace Moiety.Models.Tokenizers.PreTokenizers;

/// <summary>Every pre-tokenizer of a <c>tokenizer.json</c>, by its type. To support another one, add a line here.</summary>
internal static class PreTokenizerReader
{
    private static readonly FrozenDictionary<string, Func<JsonField, PreTokenizer>> Readers =
        new Dictionary<string, Func<JsonField, PreTokenizer>>(StringComparer.Ordinal)
        {
            ["BertPreTokenizer"] = static _ => new BertPreTokenizer(),
            ["ByteLevel"] = static field => new ByteLevelPreTokenizer(
                field.Boolean("add_prefix_space", absent: true), field.Boolean("use_regex", absent: true)),
            ["CharDelimiterSplit"] = static field => new CharDelimiterSplitPreTokenizer(OneCharacter(field.Get("delimiter"))),
            ["Digits"] = static field => new DigitsPreTokenizer(field.Boolean("individual_digits", absent: false)),
            ["Metaspace"] = ReadMetaspace,
            ["Punctuation"] = static field => new PunctuationPreTokenizer(
                field.Find("behavior") is { } behavior ? ReadBehavior(behavior) : SplitBehavior.Isolated),
            ["Sequence"] = static field => new PreTokenizerSequence([.. field.Get("pretokenizers").Items().Select(Read)]),
            ["Split"] = ReadSplit,
            ["Whitespace"] = static _ => new WhitespacePreTokenizer(),
            ["WhitespaceSplit"] = static _ => new WhitespaceSplitPreTokenizer(),
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Reads a component.</summary>
    /// <exception cref="Checkpoints.InvalidCheckpointException">It is not known, or a setting is malformed or not supported.</exception>
    public static PreTokenizer Read(JsonField field)
    {
        string type = field.Get("type").Text();
        if (!Readers.TryGetValue(type, out Func<JsonField, PreTokenizer>? read))
        {
            throw field.Error($"the pre-tokenizer {type} is not supported; supported are: {string.Join(", ", Readers.Keys.Order(StringComparer.Ordinal))}");
        }

        try
        {
            return read(field);
        }
        catch (InvalidInputException error) when (error is not Checkpoints.InvalidCheckpointException)
        {
            throw field.Error(error.Message);
        }
    }

    private static SplitPreTokenizer ReadSplit(JsonField field)
    {
        JsonField pattern = field.Get("pattern");
        SplitBehavior behavior = ReadBehavior(field.Get("behavior"));
        bool invert = field.Boolean("invert", absent: false);
        if (pattern.Find("Regex") is { } regex)
        {
            return new SplitPreTokenizer(regex.Text(), behavior, invert);
        }

        string text = pattern.Get("String").Text();
        return text.Length > 0 ? SplitPreTokenizer.AtText(text, behavior, invert) : throw pattern.Error("the text to split at is empty");
    }

    private static MetaspacePreTokenizer ReadMetaspace(JsonField field)
    {
        string scheme = field.Text("prepend_scheme") ?? (field.Boolean("add_prefix_space", absent: true) ? "always" : "never");
        MetaspacePrefix prefix = scheme switch
        {
            "always" => MetaspacePrefix.Always,
            "first" => MetaspacePrefix.First,
            "never" => MetaspacePrefix.Never,
            _ => throw field.Error($"the prepend_scheme \"{scheme}\" is not known; known are always, first and never"),
        };
        return new MetaspacePreTokenizer(
            field.Find("replacement") is { } mark ? OneCharacter(mark) : new Rune('\u2581'), prefix, field.Boolean("split", absent: true));
    }

    private static SplitBehavior ReadBehavior(JsonField field)
    {
        string name = field.Text();
        ImmutableArray<SplitBehavior> known = [.. Enum.GetValues<SplitBehavior>()];
        int index = known.Select(static behavior => behavior.ToString()).ToImmutableArray().IndexOf(name);
        return index >= 0 ? known[index] : throw field.Error($"the behavior \"{name}\" is not known; known are: {string.Join(", ", known)}");
    }

    private static Rune OneCharacter(JsonField field)
    {
        string text = field.Text();
        return Rune.DecodeFromUtf16(text, out Rune rune, out int length) == System.Buffers.OperationStatus.Done && length == text.Length
            ? rune
            : throw field.Error($"must be one character, not \"{text}\"");
    }
}
