namespace Moiety.Models.Tokenizers;

/// <summary>Sets numbers apart from other text, one by one or in runs.</summary>
public sealed class DigitsPreTokenizer : PreTokenizer
{
    private readonly int _longest;

    /// <summary>Creates the rule.</summary>
    /// <param name="longest">Most digits in one word; <see cref="int.MaxValue"/> keeps runs whole.</param>
    public DigitsPreTokenizer(int longest)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, 1);
        _longest = longest;
    }

    /// <summary>Most digits in one word.</summary>
    public int Longest => _longest;

    /// <inheritdoc/>
    public override string Pattern => _longest switch
    {
        1 => @"\p{N}",
        int.MaxValue => @"\p{N}+",
        _ => $@"\p{{N}}{{1,{_longest}}}",
    };

    /// <inheritdoc/>
    public override int NextLength(ReadOnlySpan<byte> text)
    {
        bool number = CharacterClasses.At(text, 0, out int end) == CharacterClass.Number;
        for (int characters = 1; end < text.Length && (!number || characters < _longest); characters++)
        {
            if ((CharacterClasses.At(text, end, out int length) == CharacterClass.Number) != number)
            {
                break;
            }

            end += length;
        }

        return end;
    }
}
