using System.Collections.Immutable;
using Moiety.Models.Checkpoints;

namespace Moiety.Models.Adapters;

/// <summary>The two factors of one tensor of a file, as the adapter has them.</summary>
/// <param name="A">[rank, columns].</param>
/// <param name="B">[rows, rank].</param>
/// <param name="Rank">Rank, of all experts together where there are any.</param>
/// <param name="Scale">Factor of the product.</param>
internal sealed record AdapterFactors(float[] A, float[] B, int Rank, float Scale)
{
    /// <summary>[experts, columns], what routes to experts; null without any.</summary>
    public float[]? Router { get; init; }

    /// <summary>Rows of the tensor that they change.</summary>
    public int Rows => B.Length / Rank;

    /// <summary>Columns of the tensor that they change.</summary>
    public int Columns => A.Length / Rank;

    /// <summary>Reads both factors.</summary>
    /// <param name="path">The adapter, for messages.</param>
    /// <param name="name">The tensor that they change.</param>
    /// <param name="a">A, or null when the file has none.</param>
    /// <param name="b">B, or null when the file has none.</param>
    /// <param name="scale">The scale of a rank.</param>
    /// <exception cref="InvalidCheckpointException">One is missing, or their shapes do not fit each other.</exception>
    public static AdapterFactors Read(string path, string name, FileTensor? a, FileTensor? b, Func<int, float> scale)
    {
        if (a is null || b is null)
        {
            throw new InvalidCheckpointException(path, $"tensor \"{name}\"", $"there is only {(a is null ? "B" : "A")} of its two factors");
        }

        if (a.Shape.Length != 2 || b.Shape.Length != 2 || a.Shape[0] != b.Shape[1] || a.Shape[0] is < 1 or > LoraAdapter.MaxRank)
        {
            throw new InvalidCheckpointException(path, $"tensor \"{name}\"",
                $"its factors have the shapes {TensorShape.Text(a.Shape)} and {TensorShape.Text(b.Shape)}; [rank, columns] and [rows, rank] are expected, with a rank of {LoraAdapter.MaxRank} at most");
        }

        int rank = (int)a.Shape[0];
        return new AdapterFactors(Values(a), Values(b), rank, scale(rank));
    }

    /// <summary>Reads the factors of experts, and their router.</summary>
    /// <param name="path">The adapter, for messages.</param>
    /// <param name="name">The tensor that they change.</param>
    /// <param name="parts">The tensors of the file.</param>
    /// <param name="mixture">The experts.</param>
    /// <param name="scale">The scale of the rank of one expert.</param>
    /// <exception cref="InvalidCheckpointException">One is missing, or their shapes do not fit each other and the experts.</exception>
    public static AdapterFactors Read(string path, string name, AdapterTensors parts, AdapterMixture mixture, Func<int, float> scale)
    {
        AdapterFactors factors = Read(path, name, parts.A, parts.B, total => total % mixture.Experts == 0
            ? scale(total / mixture.Experts)
            : throw new InvalidCheckpointException(path, $"tensor \"{name}\"", $"its rank of {total} is not divisible by {mixture.Experts} experts"));
        FileTensor router = parts.Router ?? throw new InvalidCheckpointException(path, $"tensor \"{name}\"", "its router is missing");
        return router.Shape.Length == 2 && router.Shape[0] == mixture.Experts && router.Shape[1] == factors.Columns
            ? factors with { Router = Values(router) }
            : throw new InvalidCheckpointException(path, $"tensor \"{name}\"", $"its router has the shape {TensorShape.Text(router.Shape)}; [{mixture.Experts}, {factors.Columns}] is expected");
    }

    private static unsafe float[] Values(FileTensor tensor)
    {
        ImmutableArray<long> shape = tensor.Shape;
        long count = shape[0] * shape[1];
        long rowBytes = tensor.Format.RowBytes(shape[1]);
        if (count > Array.MaxLength || rowBytes > Array.MaxLength)
        {
            throw new InvalidCheckpointException(tensor.Path, $"tensor \"{tensor.Name}\"", $"its shape {TensorShape.Text(shape)} is too large for an adapter");
        }

        float[] values = new float[count];
        byte[] row = new byte[rowBytes];
        for (int index = 0; index < shape[0]; index++)
        {
            fixed (byte* target = row)
            {
                tensor.Read(index * rowBytes, rowBytes, target);
            }

            tensor.Format.Dequantize(row, values.AsSpan(index * (int)shape[1], (int)shape[1]));
        }

        return Array.TrueForAll(values, float.IsFinite)
            ? values
            : throw new InvalidCheckpointException(tensor.Path, $"tensor \"{tensor.Name}\"", "a value is not a finite number");
    }
}
