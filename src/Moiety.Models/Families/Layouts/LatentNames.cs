using Moiety.Models.Configuration;

namespace Moiety.Models.Families.Layouts;

/// <summary>Names of latent attention in GGUF files, where the query's second projection has a name of its own.</summary>
internal static class LatentNames
{
    /// <summary>The names with a compressed query.</summary>
    public static TensorNaming GgufCompressed { get; } = TensorNaming.Gguf.With((TensorRole.Query, "blk.{layer}.attn_q_b.weight"));
}
