using System.Collections.Immutable;
using Moiety.Models;
using Moiety.Training.Native;
using static TorchSharp.torch;

namespace Moiety.Training;

/// <summary>
/// Where a module's parameters live and its layers compute. On the processor, Moiety's own kernels do what libtorch does slowly; on a GPU,
/// and wherever they are switched off, libtorch's operations compute the same.
/// </summary>
public sealed record TrainingDevice
{
    private const string CpuName = "cpu";
    private const string CudaName = "cuda";

    private TrainingDevice(string name, bool usesKernels)
    {
        Name = name;
        UsesKernels = usesKernels;
    }

    /// <summary>Names that <see cref="Open"/> takes.</summary>
    public static ImmutableArray<string> Names { get; } = [CpuName, CudaName];

    /// <summary>The processor, with Moiety's kernels.</summary>
    public static TrainingDevice Cpu { get; } = new(CpuName, usesKernels: true);

    /// <summary>The processor as another device is treated: libtorch's operations, and copies to the host. The reference of the kernels.</summary>
    public static TrainingDevice CpuWithoutKernels { get; } = new(CpuName, usesKernels: false);

    /// <summary>Its name in a configuration.</summary>
    public string Name { get; }

    /// <summary>Whether Moiety's kernels, which read and write memory of the processor, compute.</summary>
    public bool UsesKernels { get; }

    /// <summary>libtorch's device.</summary>
    internal Device Device => device(Name);

    /// <summary>A device by its name.</summary>
    /// <exception cref="InvalidInputException">There is no such device, or this machine or this build does not have it.</exception>
    public static TrainingDevice Open(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name switch
        {
            CpuName => Cpu,
            CudaName => OpenCuda(),
            _ => throw new InvalidInputException($"training.device: \"{name}\" is unknown; {string.Join(" and ", Names)} are known."),
        };
    }

    /// <summary>Why CUDA cannot be used here, or null where it can.</summary>
    internal static string? WhyNoCuda()
    {
        // Asked first, because TorchSharp copies whole packages about when it looks for a library that is not there.
        if (!TorchLibrary.HasCuda)
        {
            return "this build carries libtorch for the processor only. Build with -p:TorchDevice=cuda (docs/training.md)";
        }

        TorchLibrary.EnsureLoaded();
        return cuda.is_available() ? null : "libtorch finds no CUDA device: look whether nvidia-smi lists a GPU and its driver is new enough for CUDA 12.8";
    }

    private static TrainingDevice OpenCuda() => WhyNoCuda() is { } reason
        ? throw new InvalidInputException($"training.device: cuda cannot be used: {reason}; or train with \"device\": \"cpu\".")
        : new TrainingDevice(CudaName, usesKernels: false);
}
