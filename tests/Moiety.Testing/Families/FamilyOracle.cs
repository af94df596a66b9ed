namespace Moiety.Testing.Families;

/// <summary>An implementation that we did not write.</summary>
public enum FamilyOracle
{
    /// <summary>llama.cpp on the GGUF file that our writer makes.</summary>
    LlamaCpp,

    /// <summary>Committed outputs of <c>transformers</c>, for families that llama.cpp does not have.</summary>
    Transformers,
}
