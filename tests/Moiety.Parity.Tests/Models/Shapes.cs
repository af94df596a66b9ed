using System.Collections.Immutable;
using Moiety.Models.Configuration;

namespace Moiety.Parity.Tests.Models;

/// <summary>Architectures that llama.cpp runs too, of many shapes. Widths are multiples of 32, so that every format fits.</summary>
public static class Shapes
{
    /// <summary>By name: what is special about it.</summary>
    public static ImmutableSortedDictionary<string, ModelConfig> All { get; } = new Dictionary<string, ModelConfig>
    {
        ["llama, 2 queries per key, heads of 32"] = Llama(layers: 3, heads: 4, keyValueHeads: 2, headSize: 32, vocabulary: 320),
        ["llama, heads of 64, tied head"] = Llama(layers: 2, heads: 3, keyValueHeads: 3, headSize: 64, vocabulary: 512) with { TieWordEmbeddings = true },
        ["llama, one key for 4 queries, heads of 128, odd vocabulary"] = Llama(layers: 1, heads: 4, keyValueHeads: 1, headSize: 128, vocabulary: 389),
        ["llama, 5 layers, heads wider than the model"] = Llama(layers: 5, heads: 6, keyValueHeads: 2, headSize: 32, vocabulary: 300) with { HiddenSize = 96 },
        ["llama, large theta and epsilon"] = Llama(layers: 2, heads: 2, keyValueHeads: 1, headSize: 64, vocabulary: 300) with
        {
            Rotary = new RotaryConfig { Theta = 500_000 },
            NormEpsilon = 1e-3f,
        },
        ["mixtral, 4 experts"] = Mixtral(experts: 4, layers: 2, heads: 4, keyValueHeads: 2, headSize: 32, vocabulary: 320),
        ["mixtral, 8 experts, heads of 64"] = Mixtral(experts: 8, layers: 3, heads: 2, keyValueHeads: 1, headSize: 64, vocabulary: 301),
        ["mixtral, 8 experts, heads of 128, tied head"] = Mixtral(experts: 8, layers: 1, heads: 2, keyValueHeads: 2, headSize: 128, vocabulary: 320) with { TieWordEmbeddings = true },
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    private static ModelConfig Llama(int layers, int heads, int keyValueHeads, int headSize, int vocabulary) => new()
    {
        Family = "llama",
        VocabularySize = vocabulary,
        HiddenSize = heads * headSize,
        HeadCount = heads,
        KeyValueHeadCount = keyValueHeads,
        HeadSize = headSize,
        ContextLength = 256,
        NormEpsilon = 1e-5f,
        Rotary = new RotaryConfig { Theta = 10_000 },
        TieWordEmbeddings = false,
        FeedForwards = [.. Enumerable.Repeat(new FeedForwardConfig { IntermediateSize = 160 }, layers)],
    };

    private static ModelConfig Mixtral(int experts, int layers, int heads, int keyValueHeads, int headSize, int vocabulary)
    {
        FeedForwardConfig moe = new()
        {
            IntermediateSize = 0,
            Moe = new MoeConfig { ExpertCount = experts, TopK = 2, ExpertIntermediateSize = 96, NormalizeTopK = true },
        };
        return Llama(layers, heads, keyValueHeads, headSize, vocabulary) with
        {
            Family = "mixtral",
            FeedForwards = [.. Enumerable.Repeat(moe, layers)],
        };
    }
}
