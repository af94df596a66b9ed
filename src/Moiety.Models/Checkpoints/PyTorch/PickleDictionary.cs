namespace Moiety.Models.Checkpoints.PyTorch;

/// <summary>A dictionary of a pickle: its pairs in order. Keys may be anything; only texts matter.</summary>
internal sealed class PickleDictionary
{
    /// <summary>The pairs.</summary>
    public List<(object? Key, object? Value)> Pairs { get; } = [];
}
