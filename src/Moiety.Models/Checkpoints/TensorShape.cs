namespace Moiety.Models.Checkpoints;

/// <summary>Arithmetic on shapes that a hostile file may have written: nothing here overflows.</summary>
internal static class TensorShape
{
    /// <summary>The shape as messages show it: <c>[2, 64]</c>.</summary>
    public static string Text(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";

    /// <summary>Bytes of a tensor whose rows (the innermost dimension) are whole blocks of the format.</summary>
    /// <param name="shape">Dimensions, outermost first; none for a scalar.</param>
    /// <param name="type">What the elements are.</param>
    /// <param name="bytes">Number of bytes.</param>
    /// <param name="reason">Why there is no such number.</param>
    public static bool TryByteLength(IReadOnlyList<long> shape, ElementType type, out long bytes, out string reason)
    {
        bytes = 0;
        reason = "";
        long columns = shape.Count == 0 ? 1 : shape[^1];
        if (shape.Any(size => size < 0))
        {
            reason = $"shape {Text(shape)} has a negative dimension";
            return false;
        }

        if (columns % type.BlockLength != 0)
        {
            reason = $"{type.Name} stores blocks of {type.BlockLength} elements, which do not divide rows of {columns}";
            return false;
        }

        // A zero anywhere makes the tensor empty, but must not hide an overflow of the others.
        Int128 product = 1;
        foreach (long size in shape)
        {
            product *= Math.Max(size, 1);
            if (product > long.MaxValue)
            {
                reason = $"shape {Text(shape)} overflows 64 bits";
                return false;
            }
        }

        Int128 total = shape.Contains(0) ? 0 : product / type.BlockLength * type.BlockBytes;
        if (total > long.MaxValue)
        {
            reason = $"shape {Text(shape)} of {type.Name} overflows 64 bits";
            return false;
        }

        bytes = (long)total;
        return true;
    }
}
