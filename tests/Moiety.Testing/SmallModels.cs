using System.Collections.Immutable;
using Moiety.Models.Configuration;

namespace Moiety.Testing;

/// <summary>
/// Small architectures, one of every feed-forward kind, that run in microseconds. Widths are multiples of 32, so that every
/// storage format fits.
/// </summary>
public static class SmallModels
{
    /// <summary>Dense Llama, grouped-query attention, untied head.</summary>
    public static ModelConfig Dense { get; } = Create("llama", 3, _ => new() { IntermediateSize = 96 }) with { TieWordEmbeddings = false };

    /// <summary>Dense, neighboring pairs rotated, one key-value head per query head, heads of 8 as in llama2.c's smallest model.</summary>
    public static ModelConfig Interleaved { get; } = Dense with
    {
        HeadCount = 8,
        KeyValueHeadCount = 8,
        HeadSize = 8,
        Rotary = new() { Theta = 10_000, Interleaved = true },
        TieWordEmbeddings = true,
    };

    /// <summary>One expert per token; the weight is its probability.</summary>
    public static ModelConfig Top1 { get; } = Create("moiety_moe", 2, _ => new() { IntermediateSize = 0, Moe = Experts(4, 1, normalize: false) });

    /// <summary>Mixtral: the weights of the two chosen experts sum to 1.</summary>
    public static ModelConfig Top2Normalized { get; } = Create("mixtral", 2, _ => new() { IntermediateSize = 0, Moe = Experts(6, 2, normalize: true) });

    /// <summary>Two experts whose weights stay probabilities.</summary>
    public static ModelConfig Top2 { get; } = Create("moiety_moe", 2, _ => new() { IntermediateSize = 0, Moe = Experts(6, 2, normalize: false) });

    /// <summary>A fixed MLP beside one expert.</summary>
    public static ModelConfig Residual { get; } =
        Create("moiety_moe", 2, _ => new() { IntermediateSize = 64, Moe = Experts(4, 1, normalize: false) with { Residual = true } });

    /// <summary>Pyramid-Residual MoE: dense layers, then more experts layer by layer.</summary>
    public static ModelConfig Pyramid { get; } = Create("moiety_moe", 4, layer => layer switch
    {
        0 => new() { IntermediateSize = 96 },
        1 => new() { IntermediateSize = 64, Moe = Experts(2, 1, normalize: false) with { Residual = true } },
        2 => new() { IntermediateSize = 0, Moe = Experts(4, 2, normalize: true) },
        _ => new() { IntermediateSize = 32, Moe = Experts(8, 2, normalize: false) with { Residual = true } },
    });

    /// <summary>Experts by token id beside a fixed MLP, then experts by a router.</summary>
    public static ModelConfig Hash { get; } = Create("moiety_moe", 3, layer => layer switch
    {
        0 => new() { IntermediateSize = 64, Moe = Experts(4, 1, normalize: false) with { Residual = true, Gating = GatingKind.Hash } },
        1 => new() { IntermediateSize = 0, Moe = Experts(6, 2, normalize: true) },
        _ => new() { IntermediateSize = 0, Moe = Experts(8, 1, normalize: false) with { Gating = GatingKind.Hash } },
    });

    /// <summary>All of them by name.</summary>
    public static ImmutableDictionary<string, ModelConfig> All { get; } = new Dictionary<string, ModelConfig>
    {
        [nameof(Dense)] = Dense,
        [nameof(Interleaved)] = Interleaved,
        [nameof(Top1)] = Top1,
        [nameof(Top2Normalized)] = Top2Normalized,
        [nameof(Top2)] = Top2,
        [nameof(Residual)] = Residual,
        [nameof(Pyramid)] = Pyramid,
        [nameof(Hash)] = Hash,
    }.ToImmutableDictionary();

    private static MoeConfig Experts(int count, int topK, bool normalize) =>
        new() { ExpertCount = count, TopK = topK, ExpertIntermediateSize = 32, NormalizeTopK = normalize };

    private static ModelConfig Create(string family, int layers, Func<int, FeedForwardConfig> feedForward) => new()
    {
        Family = family,
        VocabularySize = 101,
        HiddenSize = 64,
        HeadCount = 4,
        KeyValueHeadCount = 2,
        HeadSize = 32,
        ContextLength = 256,
        NormEpsilon = 1e-5f,
        Rotary = new() { Theta = 10_000 },
        TieWordEmbeddings = true,
        FeedForwards = [.. Enumerable.Range(0, layers).Select(feedForward)],
    };
}
