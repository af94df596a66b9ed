namespace Moiety.Models.Tokenizers;

/// <summary>
/// The pattern of GPT-2 (Radford et al., 2019), which <c>ByteLevel</c> means in a <c>tokenizer.json</c>: English contractions, then runs
/// of letters, of digits or of anything else, each with at most one space before it.
/// </summary>
public sealed class Gpt2PreTokenizer : PreTokenizer
{
    /// <inheritdoc/>
    public override string Pattern => @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <inheritdoc/>
    public override int NextLength(ReadOnlySpan<byte> text)
    {
        int contraction = Contraction(text);
        if (contraction > 0)
        {
            return contraction;
        }

        int start = text.Length > 1 && text[0] == ' ' ? 1 : 0;
        CharacterClass first = CharacterClasses.At(text, start, out _);
        return first.IsSpace() ? CharacterClasses.SpaceLength(text) : CharacterClasses.EndOfRun(text, start, first);
    }

    private static int Contraction(ReadOnlySpan<byte> text) => text switch
    {
        [(byte)'\'', (byte)'s' or (byte)'t' or (byte)'m' or (byte)'d', ..] => 2,
        [(byte)'\'', (byte)'r' or (byte)'v', (byte)'e', ..] or [(byte)'\'', (byte)'l', (byte)'l', ..] => 3,
        _ => 0,
    };
}
