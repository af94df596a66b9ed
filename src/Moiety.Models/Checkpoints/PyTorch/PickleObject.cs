namespace Moiety.Models.Checkpoints.PyTorch;

/// <summary>
/// Something of a trainer's state that is no tensor, such as its command line: kept as the pickle describes it, and nothing else. No code
/// of it runs.
/// </summary>
internal sealed class PickleObject
{
    /// <summary>Its attributes, where the pickle sets them with a dictionary.</summary>
    public PickleDictionary? Attributes { get; set; }
}
