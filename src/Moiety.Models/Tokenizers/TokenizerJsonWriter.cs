using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Moiety.Models.Tokenizers;

/// <summary>Writes <c>tokenizer.json</c> and <c>tokenizer_config.json</c> as Hugging Face tools read them.</summary>
internal static class TokenizerJsonWriter
{
    private static readonly JsonWriterOptions Format = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The contents of <c>tokenizer.json</c>.</summary>
    public static byte[] Write(Tokenizer tokenizer) => tokenizer switch
    {
        ByteLevelBpeTokenizer byteLevel => Write(
            byteLevel,
            byteLevel.Merges,
            writer => WriteByteLevel(writer, byteLevel),
            writer =>
            {
                writer.WriteBoolean("fuse_unk", false);
                writer.WriteBoolean("byte_fallback", false);
                writer.WriteBoolean("ignore_merges", byteLevel.IgnoreMerges);
            }),
        SentencePieceBpeTokenizer other => WriteSentencePiece(other.WithConventionalMark()),
        _ => throw new InvalidInputException($"A {tokenizer.GetType().Name} cannot be written as {TokenizerJson.FileName}: only byte-pair encoding can."),
    };

    /// <summary>The contents of <c>tokenizer_config.json</c>.</summary>
    public static byte[] WriteConfig(Tokenizer tokenizer) => Document(writer =>
    {
        writer.WriteBoolean("add_bos_token", tokenizer is VocabularyTokenizer { Prefix.IsEmpty: false });
        writer.WriteBoolean("add_prefix_space", tokenizer is ByteLevelBpeTokenizer { AddPrefixSpace: true });
        WriteToken(writer, "bos_token", tokenizer, tokenizer.BosTokenId);
        writer.WriteBoolean("clean_up_tokenization_spaces", false);
        WriteToken(writer, "eos_token", tokenizer, tokenizer.EosTokenIds is [int first, ..] ? first : null);
        writer.WriteString("tokenizer_class", "PreTrainedTokenizerFast");
        WriteToken(writer, "unk_token", tokenizer, (tokenizer as VocabularyTokenizer)?.UnknownTokenId);
    });

    private static byte[] WriteSentencePiece(SentencePieceBpeTokenizer tokenizer) => Write(
        tokenizer,
        SentencePieceMerges.Of(tokenizer),
        writer => WriteSentencePiece(writer, tokenizer),
        writer =>
        {
            writer.WriteBoolean("fuse_unk", tokenizer.FuseUnknown);
            writer.WriteBoolean("byte_fallback", tokenizer.ByteFallback);
            writer.WriteBoolean("ignore_merges", false);
        });

    private static byte[] Write(
        VocabularyTokenizer tokenizer, ImmutableArray<BpeMerge> merges, Action<Utf8JsonWriter> writeText, Action<Utf8JsonWriter> writeFlags) =>
        Document(writer =>
        {
            writer.WriteString("version", "1.0");
            writer.WriteNull("truncation");
            writer.WriteNull("padding");
            WriteAddedTokens(writer, tokenizer);
            writeText(writer);
            WritePostProcessor(writer, tokenizer);
            writer.WriteStartObject("model");
            writer.WriteString("type", "BPE");
            writer.WriteNull("dropout");
            WriteToken(writer, "unk_token", tokenizer, tokenizer.UnknownTokenId);
            writer.WriteNull("continuing_subword_prefix");
            writer.WriteNull("end_of_word_suffix");
            writeFlags(writer);
            WriteVocabulary(writer, tokenizer);
            WriteMerges(writer, tokenizer, merges);
            writer.WriteEndObject();
        });

    private static void WriteAddedTokens(Utf8JsonWriter writer, VocabularyTokenizer tokenizer)
    {
        writer.WriteStartArray("added_tokens");
        foreach (AddedToken token in tokenizer.AddedTokens.OrderBy(token => token.Id))
        {
            writer.WriteStartObject();
            writer.WriteNumber("id", token.Id);
            writer.WriteString("content", token.Content);
            writer.WriteBoolean("single_word", token.SingleWord);
            writer.WriteBoolean("lstrip", token.LeftStrip);
            writer.WriteBoolean("rstrip", token.RightStrip);
            writer.WriteBoolean("normalized", token.Normalized);
            writer.WriteBoolean("special", token.Special);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteByteLevel(Utf8JsonWriter writer, ByteLevelBpeTokenizer tokenizer)
    {
        writer.WriteNull("normalizer");
        bool gpt2 = tokenizer.PreTokenizers is [Gpt2PreTokenizer];
        if (gpt2)
        {
            writer.WritePropertyName("pre_tokenizer");
            WriteByteLevelComponent(writer, tokenizer.AddPrefixSpace, useRegex: true);
        }
        else
        {
            writer.WriteStartObject("pre_tokenizer");
            writer.WriteString("type", "Sequence");
            writer.WriteStartArray("pretokenizers");
            foreach (PreTokenizer stage in tokenizer.PreTokenizers)
            {
                writer.WriteStartObject();
                writer.WriteString("type", "Split");
                writer.WriteStartObject("pattern");
                writer.WriteString("Regex", stage.Pattern);
                writer.WriteEndObject();
                writer.WriteString("behavior", "Isolated");
                writer.WriteBoolean("invert", false);
                writer.WriteEndObject();
            }

            WriteByteLevelComponent(writer, tokenizer.AddPrefixSpace, useRegex: false);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WritePropertyName("decoder");
        WriteByteLevelComponent(writer, addPrefixSpace: true, useRegex: true);
    }

    private static void WriteByteLevelComponent(Utf8JsonWriter writer, bool addPrefixSpace, bool useRegex)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "ByteLevel");
        writer.WriteBoolean("add_prefix_space", addPrefixSpace);
        writer.WriteBoolean("trim_offsets", true);
        writer.WriteBoolean("use_regex", useRegex);
        writer.WriteEndObject();
    }

    private static void WriteSentencePiece(Utf8JsonWriter writer, SentencePieceBpeTokenizer tokenizer)
    {
        string mark = tokenizer.SpaceMark.ToString();
        bool metaspace = tokenizer.SplitsAtSpaces
            || tokenizer.SpacePrefix is SpacePrefix.EverySegmentWithoutSpace or SpacePrefix.FirstSegmentWithoutSpace;
        if (metaspace)
        {
            writer.WriteNull("normalizer");
            writer.WriteStartObject("pre_tokenizer");
            writer.WriteString("type", "Metaspace");
            writer.WriteString("replacement", mark);
            writer.WriteString("prepend_scheme", tokenizer.SpacePrefix switch
            {
                SpacePrefix.None => "never",
                SpacePrefix.FirstSegmentWithoutSpace => "first",
                _ => "always",
            });
            writer.WriteBoolean("split", tokenizer.SplitsAtSpaces);
            writer.WriteEndObject();
        }
        else
        {
            writer.WriteStartObject("normalizer");
            writer.WriteString("type", "Sequence");
            writer.WriteStartArray("normalizers");
            if (tokenizer.SpacePrefix == SpacePrefix.EverySegment)
            {
                writer.WriteStartObject();
                writer.WriteString("type", "Prepend");
                writer.WriteString("prepend", mark);
                writer.WriteEndObject();
            }

            WriteReplace(writer, " ", mark);
            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteNull("pre_tokenizer");
        }

        writer.WriteStartObject("decoder");
        writer.WriteString("type", "Sequence");
        writer.WriteStartArray("decoders");
        WriteReplace(writer, mark, " ");
        if (tokenizer.ByteFallback)
        {
            WriteBare(writer, "ByteFallback");
        }

        WriteBare(writer, "Fuse");
        if (tokenizer.StripsLeadingSpace)
        {
            writer.WriteStartObject();
            writer.WriteString("type", "Strip");
            writer.WriteString("content", " ");
            writer.WriteNumber("start", 1);
            writer.WriteNumber("stop", 0);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteReplace(Utf8JsonWriter writer, string from, string to)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "Replace");
        writer.WriteStartObject("pattern");
        writer.WriteString("String", from);
        writer.WriteEndObject();
        writer.WriteString("content", to);
        writer.WriteEndObject();
    }

    private static void WriteBare(Utf8JsonWriter writer, string type)
    {
        writer.WriteStartObject();
        writer.WriteString("type", type);
        writer.WriteEndObject();
    }

    private static void WritePostProcessor(Utf8JsonWriter writer, VocabularyTokenizer tokenizer)
    {
        if (tokenizer.Prefix.IsEmpty && tokenizer.Suffix.IsEmpty)
        {
            writer.WriteNull("post_processor");
            return;
        }

        writer.WriteStartObject("post_processor");
        writer.WriteString("type", "TemplateProcessing");
        writer.WriteStartArray("single");
        WriteTemplate(writer, tokenizer, "A", 0);
        writer.WriteEndArray();
        writer.WriteStartArray("pair");
        WriteTemplate(writer, tokenizer, "A", 0);
        WriteTemplate(writer, tokenizer, "B", 1);
        writer.WriteEndArray();
        writer.WriteStartObject("special_tokens");
        foreach (int id in tokenizer.Prefix.Concat(tokenizer.Suffix).Distinct())
        {
            writer.WriteStartObject(tokenizer.GetPiece(id));
            writer.WriteString("id", tokenizer.GetPiece(id));
            writer.WriteStartArray("ids");
            writer.WriteNumberValue(id);
            writer.WriteEndArray();
            writer.WriteStartArray("tokens");
            writer.WriteStringValue(tokenizer.GetPiece(id));
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteTemplate(Utf8JsonWriter writer, VocabularyTokenizer tokenizer, string sequence, int type)
    {
        foreach (int id in tokenizer.Prefix)
        {
            WriteTemplateEntry(writer, "SpecialToken", tokenizer.GetPiece(id), type);
        }

        WriteTemplateEntry(writer, "Sequence", sequence, type);
        foreach (int id in tokenizer.Suffix)
        {
            WriteTemplateEntry(writer, "SpecialToken", tokenizer.GetPiece(id), type);
        }
    }

    private static void WriteTemplateEntry(Utf8JsonWriter writer, string kind, string id, int type)
    {
        writer.WriteStartObject();
        writer.WriteStartObject(kind);
        writer.WriteString("id", id);
        writer.WriteNumber("type_id", type);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteVocabulary(Utf8JsonWriter writer, VocabularyTokenizer tokenizer)
    {
        writer.WriteStartObject("vocab");
        for (int id = 0; id < tokenizer.VocabularySize; id++)
        {
            if (tokenizer.IsUsed(id))
            {
                writer.WriteNumber(tokenizer.GetPiece(id), id);
            }
        }

        writer.WriteEndObject();
    }

    // "left right" is what every version of the tools reads; only pieces with a space in them need the newer pairs.
    private static void WriteMerges(Utf8JsonWriter writer, VocabularyTokenizer tokenizer, ImmutableArray<BpeMerge> merges)
    {
        bool pairs = merges.Any(merge => tokenizer.GetPiece(merge.Result).Contains(' ', StringComparison.Ordinal));
        writer.WriteStartArray("merges");
        foreach (BpeMerge merge in merges)
        {
            string left = tokenizer.GetPiece(merge.Left);
            string right = tokenizer.GetPiece(merge.Right);
            if (pairs)
            {
                writer.WriteStartArray();
                writer.WriteStringValue(left);
                writer.WriteStringValue(right);
                writer.WriteEndArray();
            }
            else
            {
                writer.WriteStringValue($"{left} {right}");
            }
        }

        writer.WriteEndArray();
    }

    private static void WriteToken(Utf8JsonWriter writer, string key, Tokenizer tokenizer, int? id)
    {
        if (id is int known)
        {
            writer.WriteString(key, tokenizer.GetPiece(known));
        }
        else
        {
            writer.WriteNull(key);
        }
    }

    private static byte[] Document(Action<Utf8JsonWriter> write)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, Format))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }
}
