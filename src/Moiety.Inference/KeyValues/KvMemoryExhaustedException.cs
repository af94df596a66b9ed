using Moiety.Models;

namespace Moiety.Inference.KeyValues;

/// <summary>A step needs more key-value pages than are free: nothing was computed, every cache is as it was.</summary>
public sealed class KvMemoryExhaustedException : InvalidInputException
{
    /// <summary>Creates the error.</summary>
    /// <param name="needed">Pages that the step needs.</param>
    /// <param name="available">Pages that are free or may still be allocated.</param>
    /// <param name="capacity">Pages that there may be in all.</param>
    /// <param name="pageBytes">Bytes of one page.</param>
    public KvMemoryExhaustedException(long needed, int available, int capacity, long pageBytes)
        : base($"The step needs {needed} key-value pages of {pageBytes} bytes, {available} of {capacity} are free. "
            + "Dispose caches that are finished, run fewer sequences at once, store keys and values in a smaller format, or raise the key-value memory.")
    {
        Needed = needed;
        Available = available;
        Capacity = capacity;
    }

    /// <summary>Pages that the step needs.</summary>
    public long Needed { get; }

    /// <summary>Pages that are free or may still be allocated.</summary>
    public int Available { get; }

    /// <summary>Pages that there may be in all.</summary>
    public int Capacity { get; }
}
