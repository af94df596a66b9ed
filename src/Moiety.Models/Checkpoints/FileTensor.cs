using System.Collections.Immutable;
using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// A tensor that the files of a checkpoint hold, whatever the container: its bytes in row-major order, either where the file has
/// them or computed on demand.
/// </summary>
internal abstract unsafe class FileTensor
{
    /// <summary>The file that holds it, for messages.</summary>
    public abstract string Path { get; }

    /// <summary>Its name there.</summary>
    public abstract string Name { get; }

    /// <summary>What its elements are.</summary>
    public abstract ElementType Type { get; }

    /// <summary>How its elements are stored.</summary>
    /// <exception cref="InvalidCheckpointException">In a way that Moiety does not compute with.</exception>
    public StorageFormat Format => Type.Format
        ?? throw new InvalidCheckpointException(Path, $"tensor \"{Name}\"", $"its type {Type.Name} is not supported for weights; known: {SafetensorsFormats.Computed}");

    /// <summary>Dimensions, outermost first.</summary>
    public abstract ImmutableArray<long> Shape { get; }

    /// <summary>The first byte where the file holds the tensor contiguously and aligned, so that views into it are possible; otherwise null.</summary>
    public virtual byte* Data => null;

    /// <summary>What keeps <see cref="Data"/> alive.</summary>
    public virtual object? Owner => null;

    /// <summary>Whether the configuration need not call for it, whatever its family says.</summary>
    public bool MayBeLeftOver { get; set; }

    /// <summary>Copies bytes of the tensor in row-major order.</summary>
    /// <param name="offset">First byte, at the start of a row (the innermost dimension), or of an element where blocks hold one.</param>
    /// <param name="bytes">Number of bytes, whole rows or elements.</param>
    /// <param name="target">Where they go.</param>
    public abstract void Read(long offset, long bytes, byte* target);

    /// <summary>The values of a short vector.</summary>
    /// <exception cref="InvalidCheckpointException">It has more than one dimension, or is longer than any head.</exception>
    public float[] ReadVector()
    {
        if (Shape.Length != 1 || Shape[0] is < 1 or > ModelConfigValidator.MaxWidth || Shape[0] % Format.BlockLength != 0)
        {
            throw new InvalidCheckpointException(Path, $"tensor \"{Name}\"", $"found shape {TensorShape.Text(Shape)}, a vector is expected");
        }

        byte[] bytes = new byte[Format.RowBytes((int)Shape[0])];
        fixed (byte* target = bytes)
        {
            Read(0, bytes.Length, target);
        }

        float[] values = new float[Shape[0]];
        Format.Dequantize(bytes, values);
        return values;
    }
}
