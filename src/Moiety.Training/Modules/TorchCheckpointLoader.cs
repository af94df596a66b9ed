using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics;

namespace Moiety.Training.Modules;

/// <summary>
/// Loads a checkpoint, of any family and storage format, into a <see cref="DecoderModule"/>: to train on from it, and as the second
/// opinion on what the engine computes.
/// </summary>
public static class TorchCheckpointLoader
{
    /// <summary>Builds the module of a checkpoint's configuration and fills it; quantized tensors are decoded to F32.</summary>
    /// <exception cref="InvalidCheckpointException">A tensor is missing or has another shape than the configuration says.</exception>
    public static DecoderModule Load(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        DecoderModule module = new(checkpoint.Config);
        try
        {
            Fill(module, checkpoint);
            return module;
        }
        catch
        {
            module.Dispose();
            throw;
        }
    }

    /// <summary>Fills a module with the tensors of a checkpoint; what only training has, of some gates, stays as it is.</summary>
    /// <param name="module">The module.</param>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="nameOf">The tensor that a parameter takes; the one of its own name when null.</param>
    /// <exception cref="InvalidCheckpointException">A tensor is missing or has another shape than the module's.</exception>
    internal static void Fill(DecoderModule module, Checkpoint checkpoint, Func<string, string>? nameOf = null)
    {
        foreach (string name in Served(module))
        {
            Copy(checkpoint, nameOf?.Invoke(name) ?? name, name, module);
        }
    }

    /// <summary>The parameters that a served model has.</summary>
    internal static IEnumerable<string> Served(DecoderModule module)
    {
        HashSet<string> served = new(TensorCatalog.For(module.Config).Select(tensor => tensor.Name), StringComparer.Ordinal);
        return module.ParameterNames.Where(served.Contains);
    }

    private static unsafe void Copy(Checkpoint checkpoint, string tensor, string name, DecoderModule module)
    {
        Matrix matrix = checkpoint.GetTensor(tensor);
        (int rows, int columns) = module.GetShape(name);
        if (matrix.Rows != rows || matrix.Columns != columns)
        {
            throw new InvalidCheckpointException(checkpoint.Path, tensor, $"has shape [{matrix.Rows}, {matrix.Columns}], the configuration calls for [{rows}, {columns}]");
        }

        Span<float> values = module.GetParameter(name);
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<byte> source = new(matrix.Data + (row * matrix.RowBytes), checked((int)matrix.RowBytes));
            matrix.Format.Dequantize(source, values.Slice(row * columns, columns));
        }
    }
}
