using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Checkpoints;

/// <summary>The keys <c>tokenizer.ggml.*</c> of a GGUF file, in and out.</summary>
internal static class GgufTokenizerMetadata
{
    private const string Prefix = "tokenizer.ggml.";
    private const string Pair = "moiety.tokenizer.pair";
    private const string Normalization = "moiety.tokenizer.normalization";

    /// <summary>The tokenizer's data, or null when the file carries none.</summary>
    public static GgufTokenizerData? Read(GgufMetadata metadata)
    {
        if (metadata.Text(Prefix + "model") is not { } model || model is "no_vocab" or "none")
        {
            return null;
        }

        return new GgufTokenizerData
        {
            Model = model,
            ModelName = metadata.Text("general.name"),
            Pre = metadata.Text(Prefix + "pre"),
            Tokens = Share(metadata.Texts(Prefix + "tokens") ?? throw metadata.Error(Prefix + "tokens", "the key is missing")),
            Scores = Share(metadata.Singles(Prefix + "scores")),
            TokenTypes = Share(metadata.Int32s(Prefix + "token_type")),
            Merges = Share(metadata.Texts(Prefix + "merges")),
            BosTokenId = metadata.Int32(Prefix + "bos_token_id"),
            EosTokenId = metadata.Int32(Prefix + "eos_token_id"),
            UnknownTokenId = metadata.Int32(Prefix + "unknown_token_id"),
            AddBosToken = metadata.Boolean(Prefix + "add_bos_token"),
            AddEosToken = metadata.Boolean(Prefix + "add_eos_token"),
            AddSpacePrefix = metadata.Boolean(Prefix + "add_space_prefix"),
            AddSepToken = metadata.Boolean(Prefix + "add_sep_token"),
            SeparatorTokenId = metadata.Int32(Prefix + "seperator_token_id"),
            ClsTokenId = metadata.Int32(Prefix + "cls_token_id"),
            RemoveExtraWhitespaces = metadata.Boolean(Prefix + "remove_extra_whitespaces"),
            PrecompiledCharsmap = Share(metadata.Bytes(Prefix + "precompiled_charsmap")),
            Pair = Share(metadata.Int32s(Pair)),
            Normalization = metadata.Text(Normalization),
        };
    }

    /// <summary>Writes the keys.</summary>
    /// <param name="data">The tokenizer's data; null writes that there is none.</param>
    /// <param name="metadata">Where the keys go.</param>
    public static void Write(GgufTokenizerData? data, GgufMetadata metadata)
    {
        if (data is null)
        {
            metadata.Set(Prefix + "model", GgufValue.Of("no_vocab"));
            return;
        }

        metadata.Set(Prefix + "model", GgufValue.Of(data.Model));
        metadata.Set(Prefix + "pre", data.Pre is { } pre ? GgufValue.Of(pre) : null);
        metadata.Set(Prefix + "tokens", GgufValue.Of([.. data.Tokens]));
        metadata.Set(Prefix + "scores", data.Scores.IsEmpty ? null : GgufValue.Of([.. data.Scores]));
        metadata.Set(Prefix + "token_type", data.TokenTypes.IsEmpty ? null : GgufValue.Of([.. data.TokenTypes]));
        metadata.Set(Prefix + "merges", data.Merges.IsEmpty ? null : GgufValue.Of([.. data.Merges]));
        metadata.Set(Prefix + "bos_token_id", data.BosTokenId is { } bos ? GgufValue.OfSize(bos) : null);
        metadata.Set(Prefix + "eos_token_id", data.EosTokenId is { } eos ? GgufValue.OfSize(eos) : null);
        metadata.Set(Prefix + "unknown_token_id", data.UnknownTokenId is { } unknown ? GgufValue.OfSize(unknown) : null);
        metadata.Set(Prefix + "add_bos_token", data.AddBosToken is { } addBos ? GgufValue.Of(addBos) : null);
        metadata.Set(Prefix + "add_eos_token", data.AddEosToken is { } addEos ? GgufValue.Of(addEos) : null);
        metadata.Set(Prefix + "add_space_prefix", data.AddSpacePrefix is { } addSpace ? GgufValue.Of(addSpace) : null);
        metadata.Set(Prefix + "add_sep_token", data.AddSepToken is { } addSep ? GgufValue.Of(addSep) : null);
        metadata.Set(Prefix + "seperator_token_id", data.SeparatorTokenId is { } separator ? GgufValue.OfSize(separator) : null);
        metadata.Set(Prefix + "cls_token_id", data.ClsTokenId is { } start ? GgufValue.OfSize(start) : null);
        metadata.Set(Prefix + "remove_extra_whitespaces", data.RemoveExtraWhitespaces is { } merges ? GgufValue.Of(merges) : null);
        metadata.Set(Prefix + "precompiled_charsmap", data.PrecompiledCharsmap.IsEmpty ? null : GgufValue.Of([.. data.PrecompiledCharsmap]));
        metadata.Set(Normalization, data.Normalization is { } normalization ? GgufValue.Of(normalization) : null);
        metadata.Set(Pair, data.Pair.IsEmpty ? null : GgufValue.Of([.. data.Pair]));
    }

    private static ImmutableArray<T> Share<T>(T[]? values) => values is null ? [] : ImmutableCollectionsMarshal.AsImmutableArray(values);
}
