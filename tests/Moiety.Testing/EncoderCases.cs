using System.Collections.Immutable;

namespace Moiety.Testing;

/// <summary>Which fixtures of encoders have llama.cpp for a second oracle.</summary>
public static class EncoderCases
{
    /// <summary>Names of fixtures that are written as GGUF files and compared with llama.cpp.</summary>
    public static ImmutableArray<string> LlamaCpp { get; } = ["bert", "roberta", "xlm-roberta-classifier"];
}
