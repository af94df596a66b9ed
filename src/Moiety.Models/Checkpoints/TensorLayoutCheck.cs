namespace Moiety.Models.Checkpoints;

/// <summary>Checks that the tensors of a file do not share bytes.</summary>
internal static class TensorLayoutCheck
{
    /// <summary>The tensors in the order of their offsets.</summary>
    /// <exception cref="InvalidCheckpointException">Two tensors overlap.</exception>
    public static StoredTensor[] Order(string path, IEnumerable<StoredTensor> tensors)
    {
        // An empty tensor may share its offset with the next one: it sorts before it.
        StoredTensor[] ordered = [.. tensors.OrderBy(tensor => tensor.Offset).ThenBy(tensor => tensor.ByteLength)];
        for (int i = 1; i < ordered.Length; i++)
        {
            StoredTensor before = ordered[i - 1];
            StoredTensor after = ordered[i];
            if (before.Offset + before.ByteLength > after.Offset)
            {
                throw new InvalidCheckpointException(path, $"tensor \"{after.Name}\"",
                    $"it starts at byte {after.Offset}, inside tensor \"{before.Name}\", which ends at {before.Offset + before.ByteLength}");
            }
        }

        return ordered;
    }
}
