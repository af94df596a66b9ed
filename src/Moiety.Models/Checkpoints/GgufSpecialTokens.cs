using System.Collections.Immutable;
using Moiety.Models.Configuration;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// The tokens that start and end a text, as the configuration has them. GGUF knows only those of the tokenizer, one of each;
/// where the configuration says otherwise, keys of Moiety's own keep it.
/// </summary>
internal static class GgufSpecialTokens
{
    private const string TokenizerBos = "tokenizer.ggml.bos_token_id";
    private const string TokenizerEos = "tokenizer.ggml.eos_token_id";
    private const string OwnBos = "moiety.bos_token_id";
    private const string OwnEos = "moiety.eos_token_ids";
    private const int None = -1;

    /// <summary>The token that starts a sequence, or null.</summary>
    public static int? ReadBos(GgufMetadata metadata) =>
        metadata.Int32(OwnBos) is { } own ? own == None ? null : own : metadata.Int32(TokenizerBos);

    /// <summary>The tokens that end a text.</summary>
    public static ImmutableArray<int> ReadEos(GgufMetadata metadata) =>
        metadata.Int32s(OwnEos) is { } own ? [.. own] : metadata.Int32(TokenizerEos) is { } eos ? [eos] : [];

    /// <summary>Writes what the tokenizer's keys do not say already.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="hasTokenizer">Whether the tokenizer's keys are there: a start token that it lacks must not be added to it.</param>
    /// <param name="metadata">Where the keys go.</param>
    public static void Write(ModelConfig config, bool hasTokenizer, GgufMetadata metadata)
    {
        if (config.BosTokenId is { } bos && !hasTokenizer)
        {
            metadata.Set(TokenizerBos, GgufValue.OfSize(bos));
        }

        if (!config.EosTokenIds.IsEmpty && !metadata.Has(TokenizerEos))
        {
            metadata.Set(TokenizerEos, GgufValue.OfSize(config.EosTokenIds[0]));
        }

        if (ReadBos(metadata) != config.BosTokenId)
        {
            metadata.Set(OwnBos, GgufValue.Of(config.BosTokenId ?? None));
        }

        if (!ReadEos(metadata).AsSpan().SequenceEqual(config.EosTokenIds.AsSpan()))
        {
            metadata.Set(OwnEos, GgufValue.Of([.. config.EosTokenIds]));
        }
    }
}
