namespace Moiety.Models.Tokenizers.PreTokenizers;

/// <summary>Where <see cref="MetaspacePreTokenizer"/> puts a mark of its own.</summary>
public enum MetaspacePrefix
{
    /// <summary>Nowhere.</summary>
    Never,

    /// <summary>Before the text only.</summary>
    First,

    /// <summary>Before the text and after every added token in it.</summary>
    Always,
}
