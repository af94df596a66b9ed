using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Moiety.Training.Routing;

/// <summary>Copies tensors into managed memory.</summary>
internal static class HostValues
{
    /// <summary>The elements of an F32 tensor, row-major.</summary>
    internal static float[] Read(Tensor values)
    {
        using Tensor detached = values.detach();
        using Tensor host = detached.cpu();
        using Tensor contiguous = host.contiguous();
        return MemoryMarshal.Cast<byte, float>(contiguous.bytes).ToArray();
    }
}
