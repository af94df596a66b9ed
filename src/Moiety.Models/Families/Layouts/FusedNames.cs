using Moiety.Models.Configuration;

namespace Moiety.Models.Families.Layouts;

/// <summary>Tensors that GGUF files hold for several projections at once.</summary>
internal static class FusedNames
{
    /// <summary>Query, key and value projections, one after the other.</summary>
    public static TensorLocation GgufWeights { get; } =
        new TensorLocation("blk.{layer}.attn_qkv.weight").Fused(RowGroups.One, TensorRole.Query, TensorRole.Key, TensorRole.Value);

    /// <summary>Their biases.</summary>
    public static TensorLocation GgufBiases { get; } =
        new TensorLocation("blk.{layer}.attn_qkv.bias").Fused(RowGroups.One, TensorRole.QueryBias, TensorRole.KeyBias, TensorRole.ValueBias);

    /// <summary>Gate and up projection of a dense layer, one after the other, under the name of the up projection.</summary>
    public static TensorLocation GgufGateUp { get; } =
        new TensorLocation("blk.{layer}.ffn_up.weight").Fused(RowGroups.One, TensorRole.Gate, TensorRole.Up);

    /// <summary>Separate projections, or the fused one where files of another age have that.</summary>
    public static TensorNaming SeparateOrFused { get; } = TensorNaming.Gguf.With(
        (TensorRole.Query, new TensorLocation("blk.{layer}.attn_q.weight").Or(GgufWeights)),
        (TensorRole.Key, new TensorLocation("blk.{layer}.attn_k.weight").Or(GgufWeights)),
        (TensorRole.Value, new TensorLocation("blk.{layer}.attn_v.weight").Or(GgufWeights)),
        (TensorRole.QueryBias, new TensorLocation("blk.{layer}.attn_q.bias").Or(GgufBiases)),
        (TensorRole.KeyBias, new TensorLocation("blk.{layer}.attn_k.bias").Or(GgufBiases)),
        (TensorRole.ValueBias, new TensorLocation("blk.{layer}.attn_v.bias").Or(GgufBiases)));
}
