using Moiety.Models.Configuration;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// The order of the rows of query and key projections. Rotary positions turn pairs of rows within a head; files either store
/// the two halves of all pairs one after the other (Hugging Face) or the pairs themselves (GGUF Llama, llama2.c). Moving from
/// one to the other only moves rows, so block formats keep their bits.
/// </summary>
internal static class RowOrder
{
    /// <summary>The source row that each output row takes, or null when the order stays.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="config">Head size, and whether the source is interleaved.</param>
    /// <param name="targetInterleaved">Whether the output is; null keeps the order of the source.</param>
    public static Func<int, int>? For(TensorSpec tensor, ModelConfig config, bool? targetInterleaved)
    {
        if (tensor.Role is not (TensorRole.Query or TensorRole.Key) || targetInterleaved is not { } interleave || config.Rotary is not { } rotary || interleave == rotary.Interleaved)
        {
            return null;
        }

        int size = config.HeadSize;
        int half = size / 2;
        return interleave
            ? row => (row / size * size) + (row % 2 * half) + (row % size / 2)
            : row => (row / size * size) + (row % half * 2) + (row % size / half);
    }
}
