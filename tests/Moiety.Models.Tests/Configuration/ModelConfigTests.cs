using System.Collections.Immutable;
using Moiety.Models.Configuration;

namespace Moiety.Models.Tests.Configuration;

/// <summary>A configuration that cannot be is refused with the field, the value and the rule.</summary>
public class ModelConfigTests
{
    public static TheoryData<string, ModelConfig, string> Broken
    {
        get
        {
            ModelConfig good = FamilyModels.Moiety();
            ModelConfig WithMoe(Func<MoeConfig, MoeConfig> change) => good with
            {
                FeedForwards = good.FeedForwards.SetItem(1, good.FeedForwards[1] with { Moe = change(good.FeedForwards[1].Moe!) }),
            };
            ModelConfig WithLatent(Func<LatentAttentionConfig, LatentAttentionConfig> change, AttentionConfig? attention = null) => good with
            {
                HeadSize = 12,
                Attention = (attention ?? new()) with
                {
                    Latent = change(new() { QueryRank = 0, KeyValueRank = 16, PlainHeadSize = 8, RotaryHeadSize = 4, ValueHeadSize = 8 }),
                },
            };
            return new()
            {
                { "zero vocabulary", good with { VocabularySize = 0 }, "vocabulary size: 0 is not positive" },
                { "huge hidden size", good with { HiddenSize = int.MaxValue }, "hidden size: 2147483647 is more than the limit" },
                { "negative context", good with { ContextLength = -1 }, "context length" },
                { "heads that overflow", good with { HeadCount = 1 << 20, KeyValueHeadCount = 1, HeadSize = 1 << 20 }, "head size" },
                { "key-value heads that do not divide", good with { KeyValueHeadCount = 3 }, "3 does not divide the 4 attention heads" },
                { "odd head size", good with { HeadSize = 15 }, "15 is odd" },
                { "theta zero", good with { Rotary = good.Rotary! with { Theta = 0 } }, "rotary theta" },
                { "theta not a number", good with { Rotary = good.Rotary! with { Theta = float.NaN } }, "rotary theta" },
                { "odd rotary dimensions", good with { Rotary = good.Rotary! with { Dimensions = 3 } }, "rotary dimensions: 3 is odd" },
                { "more rotary dimensions than elements", good with { Rotary = good.Rotary! with { Dimensions = 1000 } }, "rotary dimensions: 1000 is not between" },
                { "factors missing", good with { Rotary = good.Rotary! with { Scaling = new FactorRotaryScaling { Short = [1], Long = [1], OriginalContextLength = 8 } } }, "rotary scaling: 1 divisors" },
                { "negative window", good with { LayerAttentions = [.. good.FeedForwards.Select(_ => new LayerAttention(-1, null))] }, "sliding window: -1 is negative" },
                { "windows of some layers", good with { LayerAttentions = [new(1, null)] }, "attention of the layers: 1 entries" },
                { "latent heads of another size", WithLatent(latent => latent with { PlainHeadSize = 3 }), "head size" },
                { "latent keys that overflow", WithLatent(latent => latent with { KeyValueRank = 1 << 20 }) with { HeadCount = 1 << 16, KeyValueHeadCount = 1 }, "key-value rank: 65536 heads" },
                { "latent attention with biases", WithLatent(latent => latent, new() { QueryKeyValueBias = true }), "latent attention" },
                { "latent attention with a norm", WithLatent(latent => latent, new() { QueryKeyNorm = QueryKeyNorm.PerHead }), "latent attention" },
                { "latent attention with clamps", WithLatent(latent => latent, new() { ClipQueryKeyValue = 1 }), "latent attention" },
                { "epsilon negative", good with { NormEpsilon = -1e-5f }, "norm epsilon" },
                { "no layer", good with { FeedForwards = [] }, "no layer" },
                { "no list of layers", good with { FeedForwards = default }, "no layer" },
                { "too many layers", good with { FeedForwards = [.. Enumerable.Repeat(good.FeedForwards[0], 5000)] }, "5000 is more than the limit" },
                { "dense width zero", good with { FeedForwards = good.FeedForwards.SetItem(0, new() { IntermediateSize = 0 }) }, "layer 0: intermediate size" },
                { "no experts", WithMoe(moe => moe with { ExpertCount = 0 }), "layer 1: number of experts" },
                { "too many experts per token", WithMoe(moe => moe with { TopK = 3 }), "3 is not between 1 and the 2 experts" },
                { "expert width zero", WithMoe(moe => moe with { ExpertIntermediateSize = 0 }), "layer 1: expert intermediate size" },
                { "width without a fixed MLP", WithMoe(moe => moe with { Residual = false }), "it must be 0" },
                { "biases in a layer of experts", good with { FeedForwards = good.FeedForwards.SetItem(1, good.FeedForwards[1] with { Bias = true }) }, "layer 1: biases" },
                { "groups that do not divide", WithMoe(moe => moe with { GroupCount = 3 }), "layer 1: groups of experts" },
                { "more experts than the groups hold", WithMoe(moe => moe with { GroupCount = 2, TopK = 2 }), "2 is more than 1 groups of 1 hold" },
                { "SparseMixer of one", WithMoe(moe => moe with { Gating = GatingKind.SparseMixer }), "SparseMixer chooses 2, not 1" },
                { "SparseMixer with a bias for the choice", WithMoe(moe => moe with { Gating = GatingKind.SparseMixer, TopK = 2, SelectionBias = true, NormalizeTopK = false }), "layer 1: gating" },
                { "SparseMixer with negative jitter", WithMoe(moe => moe with { SparseMixerJitter = -1 }), "jitter of SparseMixer: -1" },
                { "expert weights times zero", WithMoe(moe => moe with { WeightScale = 0 }), "layer 1: scale of the experts' weights" },
                { "layer normalization after a branch", good with { Norm = NormKind.Layer, NormPlacement = NormPlacement.Sandwich }, "norm kind: Layer" },
                { "context beyond the learned positions", good with { LearnedPositions = good.ContextLength + 1, PositionOffset = 2 }, "context length" },
                { "offset beyond the learned positions", good with { LearnedPositions = 4, PositionOffset = 5 }, "learned positions" },
                { "embedding times zero", good with { EmbeddingScale = 0 }, "scale of the embedding" },
                { "negative soft cap", good with { LogitSoftCap = -1 }, "soft cap of the logits" },
                { "BOS outside", good with { BosTokenId = 50 }, "BOS token: id 50" },
                { "EOS outside", good with { EosTokenIds = [1, -1] }, "EOS tokens: id -1" },
                { "EOS not set", good with { EosTokenIds = default }, "EOS tokens" },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Broken))]
    public void What_cannot_be_is_refused_by_name(string _, ModelConfig config, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidInputException>(config.Validate).Message, StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(FamilyModels.Families), MemberType = typeof(FamilyModels))]
    public void What_can_be_passes(string family) => FamilyModels.Of(family).Validate();

    [Fact]
    public void Equal_configurations_are_equal_whoever_built_them()
    {
        ModelConfig left = FamilyModels.Moiety();
        ModelConfig right = FamilyModels.Moiety();
        Assert.Equal(left, right);
        Assert.Equal(left.GetHashCode(), right.GetHashCode());
        Assert.NotEqual(left, right with { EosTokenIds = [2] });
        Assert.NotEqual(left, right with { FeedForwards = right.FeedForwards.SetItem(0, new() { IntermediateSize = 95 }) });
    }

    [Fact]
    public void Catalog_names_are_the_canonical_ones()
    {
        ImmutableArray<string> names = [.. TensorCatalog.For(FamilyModels.Moiety()).Select(tensor => tensor.Name)];
        Assert.Equal(names.Distinct(), names);
        Assert.Equal(TensorNames.Embedding, names[0]);
        Assert.Contains(TensorNames.ExpertDown(3, 3), names);
        Assert.Contains(TensorNames.CoefficientBias(1), names);
        Assert.DoesNotContain(TensorNames.Head, names);
        Assert.DoesNotContain(TensorNames.ExpertUp(1, 2), names);
        Assert.Contains(TensorNames.Head, TensorCatalog.For(FamilyModels.Llama()).Select(tensor => tensor.Name));
    }
}
