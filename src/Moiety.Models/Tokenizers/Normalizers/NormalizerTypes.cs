using System.Collections.Immutable;
using Moiety.Models.Checkpoints;
using Moiety.Models.Json;

namespace Moiety.Models.Tokenizers.Normalizers;

/// <summary>Every normalizer by its <c>type</c> in a <c>tokenizer.json</c>. To support another one, add a line here.</summary>
internal static class NormalizerTypes
{
    private static readonly Dictionary<string, Func<JsonField, Normalizer>> Readers = new(StringComparer.Ordinal)
    {
        ["NFC"] = _ => new UnicodeNormalizer(UnicodeForm.Nfc),
        ["NFD"] = _ => new UnicodeNormalizer(UnicodeForm.Nfd),
        ["NFKC"] = _ => new UnicodeNormalizer(UnicodeForm.Nfkc),
        ["NFKD"] = _ => new UnicodeNormalizer(UnicodeForm.Nfkd),
        ["Nmt"] = _ => new NmtNormalizer(),
        ["Lowercase"] = _ => new LowercaseNormalizer(),
        ["Strip"] = field => new StripNormalizer(field.Boolean("strip_left", absent: true), field.Boolean("strip_right", absent: true)),
        ["StripAccents"] = _ => new StripAccentsNormalizer(),
        ["Replace"] = ReadReplace,
        ["Prepend"] = field => new PrependNormalizer(field.Get("prepend").Text()),
        ["BertNormalizer"] = field => new BertNormalizer
        {
            CleanText = field.Boolean("clean_text", absent: true),
            HandleChineseChars = field.Boolean("handle_chinese_chars", absent: true),
            StripAccents = field.Boolean("strip_accents"),
            Lowercase = field.Boolean("lowercase", absent: true),
        },
        ["Precompiled"] = ReadPrecompiled,
        ["ByteLevel"] = _ => new ByteLevelNormalizer(),
    };

    /// <summary>Reads a normalizer.</summary>
    /// <exception cref="InvalidCheckpointException">It is not supported, or its settings are malformed.</exception>
    public static Normalizer Read(JsonField field)
    {
        string type = field.Get("type").Text();
        if (type == "Sequence")
        {
            ImmutableArray<Normalizer> normalizers = [.. field.Get("normalizers").Items().Select(Read)];
            return normalizers is [var only] ? only : new SequenceNormalizer(normalizers);
        }

        return Readers.TryGetValue(type, out Func<JsonField, Normalizer>? read)
            ? read(field)
            : throw field.Error($"the normalizer {type} is not supported; supported are: {string.Join(", ", Readers.Keys)}, Sequence");
    }

    private static ReplaceNormalizer ReadReplace(JsonField field)
    {
        JsonField pattern = field.Get("pattern");
        string content = field.Get("content").Text();
        try
        {
            return pattern.Find("Regex") is { } regex
                ? ReplaceNormalizer.OfRegex(regex.Text(), content)
                : ReplaceNormalizer.OfText(pattern.Get("String").Text(), content);
        }
        catch (InvalidInputException error) when (error is not InvalidCheckpointException)
        {
            throw pattern.Error(error.Message);
        }
    }

    private static Normalizer ReadPrecompiled(JsonField field)
    {
        JsonField map = field.Get("precompiled_charsmap");
        try
        {
            // The library writes an empty map when a SentencePiece file has none.
            byte[] contents = Convert.FromBase64String(map.Text());
            return contents.Length == 0 ? new SequenceNormalizer([]) : new PrecompiledNormalizer(new CharacterMap(contents));
        }
        catch (FormatException error)
        {
            throw map.Error($"it is not base64: {error.Message}");
        }
        catch (InvalidInputException error) when (error is not InvalidCheckpointException)
        {
            throw map.Error(error.Message);
        }
    }
}
