namespace Moiety.Decoding.Processors;

/// <summary>What a parameter of a processor takes.</summary>
public enum ParameterKind
{
    /// <summary>One number.</summary>
    Number,

    /// <summary>One whole number.</summary>
    WholeNumber,

    /// <summary>Any number of texts.</summary>
    Texts,

    /// <summary>Any number of texts that stand for tokens, so that they need a tokenizer.</summary>
    Phrases,
}
