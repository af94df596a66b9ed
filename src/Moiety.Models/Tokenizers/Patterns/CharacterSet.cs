using System.Collections.Immutable;

namespace Moiety.Models.Tokenizers.Patterns;

/// <summary>A set of code points, as sorted ranges that neither overlap nor touch.</summary>
internal sealed class CharacterSet
{
    /// <summary>Number of code points; surrogates, which no well-formed text has, are among them.</summary>
    public const int CodePoints = 0x110000;

    // Every code point at which membership changes: in from the first, out from the second, and so on.
    private readonly ImmutableArray<int> _borders;

    private CharacterSet(ImmutableArray<int> borders) => _borders = borders;

    /// <summary>Nothing.</summary>
    public static CharacterSet Empty { get; } = new([]);

    /// <summary>Everything.</summary>
    public static CharacterSet All { get; } = new([0, CodePoints]);

    /// <summary>Whether nothing is in the set.</summary>
    public bool IsEmpty => _borders.IsEmpty;

    /// <summary>The code points at which membership changes, in order; the first one is in the set.</summary>
    public ImmutableArray<int> Borders => _borders;

    /// <summary>The code points from the first to the last, both in the set.</summary>
    public static CharacterSet Range(int first, int last) => new([first, last + 1]);

    /// <summary>The characters of a text.</summary>
    public static CharacterSet Of(string characters) => Of(characters.EnumerateRunes().Select(static rune => rune.Value));

    /// <summary>The code points of a list, in any order.</summary>
    public static CharacterSet Of(IEnumerable<int> codePoints)
    {
        ImmutableArray<int>.Builder borders = ImmutableArray.CreateBuilder<int>();
        foreach (int value in codePoints.Distinct().Order())
        {
            if (borders.Count > 0 && borders[^1] == value)
            {
                borders[^1]++;
            }
            else
            {
                borders.Add(value);
                borders.Add(value + 1);
            }
        }

        return new CharacterSet(borders.ToImmutable());
    }

    /// <summary>The set whose membership changes at these code points.</summary>
    public static CharacterSet OfBorders(ImmutableArray<int> borders) => new(borders);

    /// <summary>Whether a code point is in the set.</summary>
    public bool Contains(int codePoint)
    {
        int index = _borders.BinarySearch(codePoint);
        return ((index >= 0 ? index : ~index - 1) & 1) == 0;
    }

    /// <summary>What is in either.</summary>
    public CharacterSet Union(CharacterSet other) => Combine(other, static (a, b) => a || b);

    /// <summary>What is in both.</summary>
    public CharacterSet Intersect(CharacterSet other) => Combine(other, static (a, b) => a && b);

    /// <summary>What is in this one only.</summary>
    public CharacterSet Except(CharacterSet other) => Combine(other, static (a, b) => a && !b);

    /// <summary>What is not in the set.</summary>
    public CharacterSet Complement() => All.Except(this);

    /// <summary>The set with everything that differs from a member by case only (simple case folding).</summary>
    public CharacterSet IgnoringCase()
    {
        HashSet<int> folded = [];
        foreach (int value in UnicodeSets.Cased)
        {
            if (Contains(value))
            {
                folded.Add(UnicodeSets.Fold(value));
            }
        }

        return folded.Count == 0 ? this : Union(Of(UnicodeSets.Cased.Where(value => folded.Contains(UnicodeSets.Fold(value)))));
    }

    /// <summary>Whether two sets have the same members.</summary>
    public bool Same(CharacterSet other) => _borders.AsSpan().SequenceEqual(other._borders.AsSpan());

    private CharacterSet Combine(CharacterSet other, Func<bool, bool, bool> keep)
    {
        ImmutableArray<int>.Builder borders = ImmutableArray.CreateBuilder<int>();
        int a = 0;
        int b = 0;
        bool inside = false;
        while (a < _borders.Length || b < other._borders.Length)
        {
            int next = Math.Min(a < _borders.Length ? _borders[a] : CodePoints, b < other._borders.Length ? other._borders[b] : CodePoints);
            a += a < _borders.Length && _borders[a] == next ? 1 : 0;
            b += b < other._borders.Length && other._borders[b] == next ? 1 : 0;
            if (keep((a & 1) == 1, (b & 1) == 1) != inside)
            {
                inside = !inside;
                borders.Add(next);
            }
        }

        return new CharacterSet(borders.ToImmutable());
    }
}
