using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Moiety.Training.Routing;

/// <summary>Copies tensors into managed memory.</summary>
internal static class HostValues
{
    /// <summary>The elements of an F32 tensor, row-major.</summary>
    internal static float[] Read(Tensor values) => Read<float>(values);

    /// <summary>The elements of an int64 tensor, row-major.</summary>
    internal static long[] ReadIds(Tensor ids) => Read<long>(ids);

    private static T[] Read<T>(Tensor values)
        where T : unmanaged
    {
        using Tensor detached = values.detach();
        using Tensor host = detached.cpu();
        using Tensor contiguous = host.contiguous();
        return MemoryMarshal.Cast<byte, T>(contiguous.bytes).ToArray();
    }
}
