namespace Moiety.Models.Tokenizers;

/// <summary>
/// Cuts text into the words that byte-pair encoding may not merge across. The published patterns are regular expressions; here
/// they are written by hand over UTF-8, so that they take linear time and accept any bytes.
/// </summary>
public abstract class PreTokenizer
{
    /// <summary>The regular expression that this follows, as it stands in a <c>tokenizer.json</c>.</summary>
    public abstract string Pattern { get; }

    /// <summary>Length in bytes of the first word.</summary>
    /// <param name="text">The rest of the text; not empty.</param>
    /// <returns>From 1 to the length of the text.</returns>
    public abstract int NextLength(ReadOnlySpan<byte> text);

    /// <summary>Whether a word of this cut is left out: what only stands between words.</summary>
    /// <param name="word">What <see cref="NextLength"/> cut off.</param>
    public virtual bool Drops(ReadOnlySpan<byte> word) => false;
}
