using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics;

namespace Moiety.Models.Tests;

/// <summary>Looks at matrices as plain arrays.</summary>
public static unsafe class Bytes
{
    public static byte[] Of(Matrix matrix)
    {
        byte[] bytes = new byte[matrix.ByteLength];
        new ReadOnlySpan<byte>(matrix.Data, bytes.Length).CopyTo(bytes);
        return bytes;
    }

    public static float[] Floats(Matrix matrix)
    {
        float[] values = new float[matrix.Rows * matrix.Columns];
        matrix.Format.Dequantize(Of(matrix), values);
        return values;
    }

    /// <summary>Whether two checkpoints have the same tensors, bit for bit.</summary>
    public static void AssertSameTensors(Checkpoint expected, Checkpoint actual)
    {
        Assert.Equal(expected.TensorNames, actual.TensorNames);
        foreach (TensorSpec tensor in TensorCatalog.For(expected.Config))
        {
            Matrix left = expected.GetTensor(tensor.Name);
            Matrix right = actual.GetTensor(tensor.Name);
            Assert.Equal((left.Format, left.Rows, left.Columns), (right.Format, right.Rows, right.Columns));
            Assert.True(Of(left).AsSpan().SequenceEqual(Of(right)), $"{tensor.Name} differs.");
        }
    }
}
