using Moiety.Models.Configuration;
using Moiety.Numerics.Randomness;

namespace Moiety.Testing;

/// <summary>
/// Small random architectures: any legal combination of norms and their placement, embeddings, heads, feed-forwards and routing. A
/// function of the seed. Widths are rarely multiples of a vector's or a block's length.
/// </summary>
public sealed class RandomConfig
{
    private SplitMix64 _random;

    private RandomConfig(ulong seed) => _random = new SplitMix64(seed);

    /// <summary>The architecture of a seed.</summary>
    public static ModelConfig Draw(ulong seed)
    {
        ModelConfig config = new RandomConfig(seed).Model();
        config.Validate();
        return config;
    }

    /// <summary>The architecture of a seed, with the attention that <see cref="RandomAttention"/> draws from the same seed.</summary>
    public static ModelConfig DrawWithAttention(ulong seed)
    {
        ModelConfig attention = RandomAttention.Draw(seed);
        ModelConfig config = Draw(seed);
        config = config with
        {
            HeadCount = attention.HeadCount,
            KeyValueHeadCount = attention.KeyValueHeadCount,
            HeadSize = attention.HeadSize,
            Rotary = attention.Rotary,
            LayerAttentions = attention.LayerAttentions.IsEmpty ? [] : attention.LayerAttentions[..config.LayerCount],
            Attention = attention.Attention,
        };
        config.Validate();
        return config;
    }

    private ModelConfig Model()
    {
        NormPlacement placement = One(Enum.GetValues<NormPlacement>());
        NormKind norm = placement is NormPlacement.Output or NormPlacement.Sandwich ? NormKind.Rms : One(Enum.GetValues<NormKind>());
        int heads = One(1, 2, 4);
        int headSize = One(6, 8, 16);
        int positions = Chance(3) ? 90 : 0;
        bool encoder = Chance(8);
        return new ModelConfig
        {
            Family = "random",
            VocabularySize = One(37, 64, 101),
            HiddenSize = One(20, 33, 48, 64),
            HeadCount = heads,
            KeyValueHeadCount = Chance(2) ? 1 : heads,
            HeadSize = headSize,
            ContextLength = 80,
            NormEpsilon = One(1e-6f, 1e-5f, 1e-2f),
            Norm = norm,
            NormPlacement = placement,
            FinalNorm = !Chance(4),
            Rotary = positions > 0 && Chance(2) ? null : new RotaryConfig { Theta = 10_000 },
            LearnedPositions = positions,
            PositionOffset = positions > 0 ? One(0, 2) : 0,
            TokenTypeCount = Chance(4) ? One(1, 3) : 0,
            EmbeddingNorm = Chance(4),
            EmbeddingScale = Chance(4) ? 3.5f : 1,
            EmbeddingSize = Chance(5) ? One(12, 40) : 0,
            ResidualScale = Chance(4) ? 0.22f : 1,
            LogitScale = Chance(4) ? 0.0625f : 1,
            LogitSoftCap = Chance(4) ? 1.5f : 0,
            HeadBias = Chance(4),
            IsEncoder = encoder,
            TieWordEmbeddings = Chance(2),
            FeedForwards = [.. Enumerable.Range(0, One(1, 2, 3)).Select(_ => FeedForward())],
        };
    }

    private FeedForwardConfig FeedForward()
    {
        Activation activation = One(Enum.GetValues<Activation>());
        if (Chance(2))
        {
            return new FeedForwardConfig { Activation = activation, IntermediateSize = One(20, 48, 67), Bias = Chance(2) };
        }

        MoeConfig moe = Moe();
        return new FeedForwardConfig { Activation = activation, IntermediateSize = moe.Residual ? One(24, 35) : 0, Moe = moe };
    }

    private MoeConfig Moe()
    {
        GatingKind gating = One(Enum.GetValues<GatingKind>());
        bool mixes = gating == GatingKind.SparseMixer;
        bool hashes = gating == GatingKind.Hash;
        int groups = mixes || hashes ? 1 : One(1, 2, 3);
        int experts = groups * One(2, 4);
        int groupTopK = 1 + Below(groups);
        return new MoeConfig
        {
            ExpertCount = experts,
            TopK = mixes ? 2 : hashes ? 1 : 1 + Below(Math.Min(3, experts / groups * groupTopK)),
            ExpertIntermediateSize = One(16, 21),
            NormalizeTopK = !mixes && !hashes && Chance(2),
            Residual = Chance(4),
            Gating = gating,
            SparseMixerJitter = One(0.01f, 0.3f),
            RouterBias = !hashes && Chance(2),
            SelectionBias = !mixes && !hashes && Chance(2),
            GroupCount = groups,
            GroupTopK = groupTopK,
            GroupScore = One(Enum.GetValues<GroupScore>()),
            WeightScale = Chance(3) ? 2.5f : 1,
            ExpertBias = Chance(3),
            SharedIntermediateSize = Chance(2) ? One(18, 40) : 0,
            SharedGate = Chance(2),
        };
    }

    private bool Chance(int oneIn) => Below(oneIn) == 0;

    private T One<T>(params T[] choices) => choices[Below(choices.Length)];

    private int Below(int bound) => (int)(_random.Next() % (ulong)bound);
}
