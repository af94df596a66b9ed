using Moiety.Models;

namespace Moiety.Inference;

/// <summary>A sequence would become longer than the context: nothing was computed and nothing was cut.</summary>
public sealed class ContextOverflowException : InvalidInputException
{
    /// <summary>Creates the error.</summary>
    /// <param name="cached">Tokens that the sequence has.</param>
    /// <param name="added">Tokens that were to be added.</param>
    /// <param name="contextLength">Longest sequence in tokens.</param>
    public ContextOverflowException(int cached, int added, int contextLength)
        : base($"The sequence has {cached} tokens and {added} more were given: {(long)cached + added} exceed the context of "
            + $"{contextLength} tokens. Shorten the text, generate fewer tokens, or open the model with a longer context.")
    {
        Cached = cached;
        Added = added;
        ContextLength = contextLength;
    }

    /// <summary>Tokens that the sequence has.</summary>
    public int Cached { get; }

    /// <summary>Tokens that were to be added.</summary>
    public int Added { get; }

    /// <summary>Longest sequence in tokens.</summary>
    public int ContextLength { get; }
}
