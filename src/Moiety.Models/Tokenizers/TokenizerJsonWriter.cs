using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Moiety.Models.Tokenizers.Normalizers;
using Moiety.Models.Tokenizers.PostProcessors;
using Moiety.Models.Tokenizers.PreTokenizers;

namespace Moiety.Models.Tokenizers;

/// <summary>Writes <c>tokenizer.json</c> and <c>tokenizer_config.json</c> as Hugging Face tools read them.</summary>
internal static class TokenizerJsonWriter
{
    private static readonly JsonWriterOptions Format = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The contents of <c>tokenizer.json</c>.</summary>
    public static byte[] Write(Tokenizer tokenizer) => tokenizer switch
    {
        ByteLevelBpeTokenizer byteLevel => Write(byteLevel, writer => WriteByteLevel(writer, byteLevel), writer =>
            WriteBpeModel(writer, byteLevel, byteLevel.Merges, fuseUnknown: false, byteFallback: false, byteLevel.IgnoreMerges)),
        SentencePieceBpeTokenizer pieces => WriteSentencePieceBpe(pieces.WithConventionalMark()),
        UnigramTokenizer unigram => Write(unigram, writer => WriteMetaspace(writer, unigram), writer => WriteUnigramModel(writer, unigram)),
        WordPieceTokenizer words => Write(words, writer => WriteWordPiece(writer, words), writer => WriteWordPieceModel(writer, words)),
        _ => throw new InvalidInputException($"A {tokenizer.GetType().Name} cannot be written as {TokenizerJson.FileName}."),
    };

    /// <summary>The contents of <c>tokenizer_config.json</c>.</summary>
    public static byte[] WriteConfig(Tokenizer tokenizer) => Document(writer =>
    {
        writer.WriteBoolean("add_bos_token", tokenizer is VocabularyTokenizer { Prefix.IsEmpty: false });
        writer.WriteBoolean("add_eos_token", tokenizer is VocabularyTokenizer { Suffix.IsEmpty: false });
        writer.WriteBoolean("add_prefix_space", tokenizer is ByteLevelBpeTokenizer { AddPrefixSpace: true });
        WriteToken(writer, "bos_token", tokenizer, tokenizer.BosTokenId);
        writer.WriteBoolean("clean_up_tokenization_spaces", false);
        WriteToken(writer, "eos_token", tokenizer, tokenizer.EosTokenIds is [int first, ..] ? first : null);
        writer.WriteString("tokenizer_class", "PreTrainedTokenizerFast");
        WriteToken(writer, "unk_token", tokenizer, (tokenizer as VocabularyTokenizer)?.UnknownTokenId);
    });

    private static byte[] WriteSentencePieceBpe(SentencePieceBpeTokenizer tokenizer) => Write(
        tokenizer,
        writer => WriteSentencePiece(writer, tokenizer),
        writer => WriteBpeModel(
            writer, tokenizer, SentencePieceMerges.Of(tokenizer), tokenizer.FuseUnknown, tokenizer.ByteFallback, ignoreMerges: false));

    private static byte[] Write(VocabularyTokenizer tokenizer, Action<Utf8JsonWriter> writeText, Action<Utf8JsonWriter> writeModel) =>
        Document(writer =>
        {
            writer.WriteString("version", "1.0");
            writer.WriteNull("truncation");
            writer.WriteNull("padding");
            WriteAddedTokens(writer, tokenizer);
            writeText(writer);
            WritePostProcessor(writer, tokenizer);
            writer.WriteStartObject("decoder");
            tokenizer.Decoder.Write(writer);
            writer.WriteEndObject();
            writer.WriteStartObject("model");
            writeModel(writer);
            writer.WriteEndObject();
        });

    private static void WriteBpeModel(
        Utf8JsonWriter writer, VocabularyTokenizer tokenizer, ImmutableArray<BpeMerge> merges, bool fuseUnknown, bool byteFallback, bool ignoreMerges)
    {
        writer.WriteString("type", "BPE");
        writer.WriteNull("dropout");
        WriteToken(writer, "unk_token", tokenizer, tokenizer.UnknownTokenId);
        writer.WriteNull("continuing_subword_prefix");
        writer.WriteNull("end_of_word_suffix");
        writer.WriteBoolean("fuse_unk", fuseUnknown);
        writer.WriteBoolean("byte_fallback", byteFallback);
        writer.WriteBoolean("ignore_merges", ignoreMerges);
        WriteVocabulary(writer, tokenizer);
        WriteMerges(writer, tokenizer, merges);
    }

    // An id that is not in use needs a piece all the same.
    private static void WriteUnigramModel(Utf8JsonWriter writer, UnigramTokenizer tokenizer)
    {
        writer.WriteString("type", "Unigram");
        if (tokenizer.UnknownTokenId is int unknown)
        {
            writer.WriteNumber("unk_id", unknown);
        }
        else
        {
            writer.WriteNull("unk_id");
        }

        ImmutableArray<double> scores = tokenizer.Scores;
        HashSet<int> outside = [.. tokenizer.AddedTokens.Where(token => !token.IsPiece).Select(token => token.Id)];
        int count = scores.Length;
        while (count > 1 && outside.Contains(count - 1))
        {
            count--;
        }

        writer.WriteStartArray("vocab");
        for (int id = 0; id < count; id++)
        {
            writer.WriteStartArray();
            writer.WriteStringValue(tokenizer.IsUsed(id) ? tokenizer.GetPiece(id) : $"[PAD{id}]");
            writer.WriteNumberValue(scores[id]);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        writer.WriteBoolean("byte_fallback", tokenizer.ByteFallback);
    }

    private static void WriteWordPieceModel(Utf8JsonWriter writer, WordPieceTokenizer tokenizer)
    {
        writer.WriteString("type", "WordPiece");
        WriteToken(writer, "unk_token", tokenizer, tokenizer.UnknownTokenId);
        writer.WriteString("continuing_subword_prefix", tokenizer.ContinuingPrefix);
        writer.WriteNumber("max_input_chars_per_word", tokenizer.LongestWord);
        WriteVocabulary(writer, tokenizer);
    }

    private static void WriteNormalizer(Utf8JsonWriter writer, params ReadOnlySpan<Normalizer?> normalizers)
    {
        ImmutableArray<Normalizer> stages =
            [.. normalizers.ToArray().SelectMany(stage => stage is null ? [] : stage is SequenceNormalizer sequence ? sequence.Normalizers : [stage])];
        if (stages.IsEmpty)
        {
            writer.WriteNull("normalizer");
            return;
        }

        writer.WriteStartObject("normalizer");
        (stages is [var only] ? only : new SequenceNormalizer(stages)).Write(writer);
        writer.WriteEndObject();
    }

    private static void WriteAddedTokens(Utf8JsonWriter writer, VocabularyTokenizer tokenizer)
    {
        writer.WriteStartArray("added_tokens");
        foreach (AddedToken token in tokenizer.WrittenTokens.OrderBy(token => token.Id))
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
        WriteNormalizer(writer, tokenizer.Normalizer);
        ImmutableArray<PreTokenizer> stages = tokenizer.PreTokenizers.Any(static stage => stage is ByteLevelPreTokenizer)
            ? tokenizer.PreTokenizers
            : [.. tokenizer.PreTokenizers, new ByteLevelPreTokenizer(addPrefixSpace: false, usesPattern: false)];
        WritePreTokenizer(writer, stages);
    }

    private static void WritePreTokenizer(Utf8JsonWriter writer, ImmutableArray<PreTokenizer> stages)
    {
        if (stages.IsEmpty)
        {
            writer.WriteNull("pre_tokenizer");
            return;
        }

        PreTokenizer preTokenizer = stages is [var only] ? only : new PreTokenizerSequence(stages);
        writer.WriteStartObject("pre_tokenizer");
        preTokenizer.Write(writer);
        writer.WriteEndObject();
    }

    private static void WriteSentencePiece(Utf8JsonWriter writer, SentencePieceBpeTokenizer tokenizer)
    {
        string mark = tokenizer.SpaceMark.ToString();
        if (tokenizer.SplitsAtSpaces || tokenizer.SpacePrefix is SpacePrefix.EverySegmentWithoutSpace or SpacePrefix.FirstSegmentWithoutSpace)
        {
            WriteMetaspace(writer, tokenizer);
            return;
        }

        WriteNormalizer(
            writer,
            tokenizer.Normalizer,
            tokenizer.SpacePrefix == SpacePrefix.EverySegment ? new PrependNormalizer(mark) : null,
            ReplaceNormalizer.OfText(" ", mark));
        WritePreTokenizer(writer, tokenizer.PreTokenizers);
    }

    private static void WriteMetaspace(Utf8JsonWriter writer, SentencePieceTokenizer tokenizer)
    {
        WriteNormalizer(writer, tokenizer.Normalizer);
        MetaspacePrefix prefix = tokenizer.SpacePrefix switch
        {
            SpacePrefix.None => MetaspacePrefix.Never,
            SpacePrefix.FirstSegmentWithoutSpace => MetaspacePrefix.First,
            _ => MetaspacePrefix.Always,
        };
        WritePreTokenizer(writer, tokenizer.SpaceMark == ' '
            ? tokenizer.PreTokenizers
            : [.. tokenizer.PreTokenizers, new MetaspacePreTokenizer(new Rune(tokenizer.SpaceMark), prefix, tokenizer.SplitsAtSpaces)]);
    }

    private static void WriteWordPiece(Utf8JsonWriter writer, WordPieceTokenizer tokenizer)
    {
        WriteNormalizer(writer, tokenizer.Normalizer);
        WritePreTokenizer(writer, tokenizer.PreTokenizers);
    }

    private static void WritePostProcessor(Utf8JsonWriter writer, VocabularyTokenizer tokenizer)
    {
        int[] ids = [.. tokenizer.Prefix, .. tokenizer.Suffix, .. tokenizer.Pair.Where(piece => piece.TokenId is not null).Select(piece => piece.TokenId!.Value)];
        if (ids.Length == 0)
        {
            writer.WriteNull("post_processor");
            return;
        }

        writer.WriteStartObject("post_processor");
        writer.WriteString("type", "TemplateProcessing");
        WriteTemplate(writer, tokenizer, "single",
        [
            .. tokenizer.Prefix.Select(id => TemplatePiece.OfToken(id, 0)),
            TemplatePiece.OfText(0, 0),
            .. tokenizer.Suffix.Select(id => TemplatePiece.OfToken(id, 0)),
        ]);
        WriteTemplate(writer, tokenizer, "pair", tokenizer.Pair);
        writer.WriteStartObject("special_tokens");
        foreach (int id in ids.Distinct())
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

    private static void WriteTemplate(Utf8JsonWriter writer, VocabularyTokenizer tokenizer, string key, ImmutableArray<TemplatePiece> pieces)
    {
        writer.WriteStartArray(key);
        foreach (TemplatePiece piece in pieces)
        {
            if (piece.TokenId is int id)
            {
                WriteTemplateEntry(writer, "SpecialToken", tokenizer.GetPiece(id), piece.TypeId);
            }
            else
            {
                WriteTemplateEntry(writer, "Sequence", piece.Sequence == 0 ? "A" : "B", piece.TypeId);
            }
        }

        writer.WriteEndArray();
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
        HashSet<int> outside = [.. tokenizer.AddedTokens.Where(token => !token.IsPiece).Select(token => token.Id)];
        writer.WriteStartObject("vocab");
        for (int id = 0; id < tokenizer.VocabularySize; id++)
        {
            if (tokenizer.IsUsed(id) && !outside.Contains(id))
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
