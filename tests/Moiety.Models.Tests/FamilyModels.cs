using System.Collections.Immutable;
using Moiety.Models.Configuration;

namespace Moiety.Models.Tests;

/// <summary>
/// A small configuration of every family as its files hold it, with the ids of the special tokens. <see cref="SmallModels"/> has
/// those that the engine computes.
/// </summary>
public static class FamilyModels
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
}
