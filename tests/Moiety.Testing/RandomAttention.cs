using System.Collections.Immutable;
using Moiety.Models.Configuration;
using Moiety.Numerics.Randomness;

namespace Moiety.Testing;

/// <summary>Small models whose attention is any legal combination of all that attention can have.</summary>
public static class RandomAttention
{
    private const int Layers = 3;
    private const int ContextLength = 96;

    /// <summary>The model of a seed.</summary>
    public static ModelConfig Draw(ulong seed)
    {
        Dice dice = new(seed);
        bool isLatent = dice.Chance(4);
        LatentAttentionConfig? latent = !isLatent ? null : new()
        {
            QueryRank = dice.Pick(0, 24, 40),
            KeyValueRank = dice.Pick(16, 24, 48),
            PlainHeadSize = dice.Pick(8, 12, 20),
            RotaryHeadSize = dice.Pick(4, 8, 16),
            ValueHeadSize = dice.Pick(8, 14, 24),
        };
        int headSize = latent is null ? dice.Pick(8, 16, 20, 32, 40, 80) : latent.PlainHeadSize + latent.RotaryHeadSize;
        int rotated = latent?.RotaryHeadSize ?? headSize;
        int heads = dice.Pick(1, 2, 3, 4, 6, 9, 12, 17);
        int[] divisors = [.. Enumerable.Range(1, heads).Where(count => heads % count == 0)];
        RotaryConfig? rotary = dice.Chance(6) ? null : Rotary(dice, rotated);
        return new ModelConfig
        {
            Family = "random",
            VocabularySize = 61,
            HiddenSize = dice.Pick(32, 40, 64),
            HeadCount = heads,
            KeyValueHeadCount = dice.Pick(divisors),
            HeadSize = headSize,
            ContextLength = ContextLength,
            NormEpsilon = 1e-5f,
            Rotary = rotary,
            LayerAttentions = dice.Chance(2) ? [] : [.. Enumerable.Range(0, Layers).Select(_ => new LayerAttention(
                dice.Chance(2) ? 0 : dice.Pick(1, 4, 9, 17, 30),
                dice.Chance(3) ? null : dice.Chance(2) ? Rotary(dice, rotated) : rotary))],
            TieWordEmbeddings = true,
            FeedForwards = [.. Enumerable.Repeat(new FeedForwardConfig { IntermediateSize = 32 }, Layers)],
            Attention = new AttentionConfig
            {
                QueryKeyValueBias = !isLatent && dice.Chance(2),
                OutputBias = dice.Chance(2),
                QueryKeyNorm = isLatent ? QueryKeyNorm.None : dice.Pick(QueryKeyNorm.None, QueryKeyNorm.PerHead, QueryKeyNorm.Whole, QueryKeyNorm.PerHeadLayer),
                Scale = dice.Chance(2) ? null : dice.Pick(0.05f, 0.25f, 0.4f),
                LogitSoftCap = dice.Chance(2) ? 0 : dice.Pick(1f, 5f, 50f),
                ClipQueryKeyValue = isLatent || dice.Chance(2) ? 0 : dice.Pick(0.3f, 1f, 4f),
                Sinks = dice.Chance(2),
                AlibiMaxBias = dice.Chance(2) ? 0 : dice.Pick(4f, 8f),
                Latent = latent,
            },
        };
    }

    private static RotaryConfig Rotary(Dice dice, int headSize)
    {
        int? dimensions = dice.Chance(2) ? null : dice.Pick([.. Enumerable.Range(1, headSize / 2).Select(pairs => 2 * pairs)]);
        return new RotaryConfig
        {
            Theta = dice.Pick(100f, 10_000f, 1_000_000f),
            Interleaved = dice.Chance(2),
            Dimensions = dimensions,
            Scaling = Scaling(dice, (dimensions ?? headSize) / 2),
        };
    }

    private static RotaryScaling? Scaling(Dice dice, int pairs) => dice.Pick(0, 1, 2, 3, 4) switch
    {
        1 => new LinearRotaryScaling(dice.Pick(2f, 4f)),
        2 => new Llama3RotaryScaling(8, 1, 4, dice.Pick(16, 64, 512)),
        3 => new YarnRotaryScaling(dice.Pick(4f, 32f), dice.Pick(16, 64, 512))
        {
            Truncate = dice.Chance(2),
            AttentionFactor = dice.Chance(2) ? null : 1.25f,
            BetaFast = dice.Pick(4f, 32f),
        },
        4 => new FactorRotaryScaling
        {
            Short = Divisors(dice, pairs),
            Long = Divisors(dice, pairs),
            OriginalContextLength = dice.Pick(ContextLength / 2, ContextLength, 2 * ContextLength),
            AttentionFactor = dice.Pick(1f, 1.2f),
        },
        _ => null,
    };

    private static ImmutableArray<float> Divisors(Dice dice, int pairs) =>
        [.. Enumerable.Range(0, pairs).Select(_ => dice.Pick(1f, 1.5f, 4f, 30f))];

    private sealed class Dice(ulong seed)
    {
        private SplitMix64 _random = new(seed);

        public bool Chance(int oneIn) => _random.Next() % (ulong)oneIn == 0;

        public T Pick<T>(params T[] choices) => choices[_random.Next() % (ulong)choices.Length];
    }
}
