using Moiety.Models.Configuration;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// The order of the rows of query and key projections, and of the biases and norms that go with them. Rotary positions turn pairs of
/// rows within a head; files either store the two halves of all pairs one after the other (Hugging Face) or the pairs themselves
/// (GGUF Llama, llama2.c). Moving from one to the other only moves rows, so block formats keep their bits. Rows that are not rotated
/// stay where they are.
/// </summary>
internal static class RowOrder
{
    /// <summary>The source row that each output row takes, or null when the order stays.</summary>
    /// <param name="tensor">The tensor; the rows of a vector are its elements.</param>
    /// <param name="config">Head size, rotated rows, and whether the source is interleaved.</param>
    /// <param name="targetInterleaved">Whether the output is; null keeps the order of the source.</param>
    /// <exception cref="InvalidInputException">The model has latent attention, whose rotated rows lie elsewhere.</exception>
    public static Func<int, int>? For(TensorSpec tensor, ModelConfig config, bool? targetInterleaved)
    {
        if (targetInterleaved is not { } interleave || config.Rotary is not { } rotary || interleave == rotary.Interleaved || !IsRotated(tensor.Role))
        {
            return null;
        }

        if (config.Attention.Latent is not null)
        {
            throw new InvalidInputException($"tensor \"{tensor.Name}\": the rotary rows of latent attention cannot be moved to the other order.");
        }

        int size = config.HeadSize;
        int rotated = rotary.Dimensions ?? size;
        int half = rotated / 2;
        return row =>
        {
            int inHead = row % size;
            return inHead >= rotated ? row
                : row - inHead + (interleave ? (inHead % 2 * half) + (inHead / 2) : (inHead % half * 2) + (inHead / half));
        };
    }

    private static bool IsRotated(TensorRole role) => role
        is TensorRole.Query or TensorRole.Key or TensorRole.QueryBias or TensorRole.KeyBias or TensorRole.QueryNorm or TensorRole.KeyNorm;
}
