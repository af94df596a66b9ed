using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Models.Tests;

/// <summary>Small models with random weights, the same for the same seed.</summary>
public static class RandomModel
{
    public static ModelConfig Llama(bool tied = false) => Base("llama") with { TieWordEmbeddings = tied };

    public static ModelConfig Mixtral() => Base("mixtral") with
    {
        FeedForwards = [.. Enumerable.Repeat(Experts(4, 2, normalize: true), 2)],
    };

    /// <summary>A pyramid: dense, 2 experts, dense, 4 experts beside a fixed MLP.</summary>
    public static ModelConfig Moiety() => Base("moiety_moe") with
    {
        TieWordEmbeddings = true,
        FeedForwards =
        [
            new FeedForwardConfig { IntermediateSize = 96 },
            Experts(2, 1, normalize: false) with { IntermediateSize = 64, Moe = Experts(2, 1, false).Moe! with { Residual = true } },
            new FeedForwardConfig { IntermediateSize = 96 },
            Experts(4, 1, normalize: false) with { IntermediateSize = 64, Moe = Experts(4, 1, false).Moe! with { Residual = true } },
        ],
    };

    public static TheoryData<string> Families => ["llama", "llama-tied", "mixtral", "moiety_moe"];

    public static ModelConfig Of(string family) => family switch
    {
        "llama" => Llama(),
        "llama-tied" => Llama(tied: true),
        "mixtral" => Mixtral(),
        _ => Moiety(),
    };

    /// <summary>Weights in [-1, 1), a function of the seed, the name and the index only.</summary>
    public static TensorSource Weights(ulong seed = 1) => TensorSource.From((tensor, destination) =>
    {
        ulong state = seed;
        foreach (char letter in tensor.Name)
        {
            state = (state ^ letter) * 0x100000001B3;
        }

        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = Next(ref state);
        }
    });

    public static float[] Values(TensorSpec tensor, ulong seed = 1)
    {
        unsafe
        {
            Numerics.Matrix matrix = Weights(seed).Load(tensor);
            return MemoryMarshal.Cast<byte, float>(new ReadOnlySpan<byte>(matrix.Data, (int)matrix.ByteLength)).ToArray();
        }
    }

    public static FeedForwardConfig Experts(int count, int topK, bool normalize) => new()
    {
        IntermediateSize = 0,
        Moe = new MoeConfig { ExpertCount = count, TopK = topK, ExpertIntermediateSize = 32, NormalizeTopK = normalize },
    };

    private static ModelConfig Base(string family) => new()
    {
        Family = family,
        VocabularySize = 50,
        HiddenSize = 64,
        HeadCount = 4,
        KeyValueHeadCount = 2,
        HeadSize = 16,
        ContextLength = 128,
        NormEpsilon = 1e-5f,
        Rotary = new RotaryConfig { Theta = 10000f },
        TieWordEmbeddings = false,
        FeedForwards = [.. Enumerable.Repeat(new FeedForwardConfig { IntermediateSize = 96 }, 2)],
        BosTokenId = 1,
        EosTokenIds = ImmutableArray.Create(2, 3),
    };

    // SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), upper 24 bits.
    private static float Next(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 40) / 8388608f - 1f;
    }
}
