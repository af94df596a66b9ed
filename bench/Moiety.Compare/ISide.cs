namespace Moiety.Compare;

/// <summary>One of the two engines that are compared: both read the same file and get the same tokens.</summary>
internal interface ISide : IDisposable
{
    /// <summary>Name for the table.</summary>
    string Name { get; }

    /// <summary>Forgets the sequence.</summary>
    void Clear();

    /// <summary>Appends tokens in one batch and computes the logits of the last.</summary>
    void Append(ReadOnlySpan<int> tokens);
}
