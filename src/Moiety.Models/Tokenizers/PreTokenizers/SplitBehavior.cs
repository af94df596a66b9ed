namespace Moiety.Models.Tokenizers.PreTokenizers;

/// <summary>What becomes of the matches at which text is split.</summary>
public enum SplitBehavior
{
    /// <summary>They are dropped.</summary>
    Removed,

    /// <summary>Each is a word.</summary>
    Isolated,

    /// <summary>Each belongs to what comes before it.</summary>
    MergedWithPrevious,

    /// <summary>Each belongs to what comes after it.</summary>
    MergedWithNext,

    /// <summary>Those that follow one another are one word.</summary>
    Contiguous,
}
