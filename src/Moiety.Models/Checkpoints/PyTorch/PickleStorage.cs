namespace Moiety.Models.Checkpoints.PyTorch;

/// <summary>A run of elements in a file of PyTorch that tensors are views of.</summary>
/// <param name="key">Its name in the file.</param>
/// <param name="type">What its elements are.</param>
/// <param name="count">Number of elements.</param>
internal sealed class PickleStorage(string key, ElementType type, long count)
{
    /// <summary>Its name in the file.</summary>
    public string Key => key;

    /// <summary>What its elements are.</summary>
    public ElementType Type => type;

    /// <summary>Number of elements.</summary>
    public long Count => count;
}
