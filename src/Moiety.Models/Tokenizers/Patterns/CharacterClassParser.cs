using System.Globalization;
using System.Text;

namespace Moiety.Models.Tokenizers.Patterns;

/// <summary>Reads the sets of characters in a regular expression: what stands in brackets and after a backslash.</summary>
internal sealed class CharacterClassParser(PatternText text)
{
    private const int DeepestNesting = 100;
    private int _depth;

    /// <summary>The set after a backslash, inside or outside of brackets.</summary>
    /// <param name="literal">The character when it is one.</param>
    public CharacterSet ParseEscaped(out int? literal)
    {
        literal = null;
        Rune rune = text.NextRune();
        switch (rune.Value)
        {
            case 's':
                return UnicodeSets.Space;
            case 'S':
                return UnicodeSets.Space.Complement();
            case 'd':
                return UnicodeSets.Digit;
            case 'D':
                return UnicodeSets.Digit.Complement();
            case 'w':
                return UnicodeSets.Word;
            case 'W':
                return UnicodeSets.Word.Complement();
            case 'h' or 'H':
                CharacterSet digits = CharacterSet.Of("0123456789abcdefABCDEF");
                return rune.Value == 'h' ? digits : digits.Complement();
            case 'p' or 'P':
                return ParseProperty(rune.Value == 'P');
        }

        literal = rune.Value switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'f' => '\f',
            'v' => '\v',
            'a' => '\a',
            'e' => 0x1B,
            'x' when text.Take('{') => Hexadecimal(text.Find('}') is >= 0 and int end ? end - text.Position : throw text.Error("\\x{ does not end"), closed: true),
            'x' => Hexadecimal(2, closed: false),
            'u' => Hexadecimal(4, closed: false),
            _ when rune.IsAscii && char.IsAsciiLetterOrDigit((char)rune.Value) => throw text.Error($"\\{rune} is not supported"),
            _ => rune.Value,
        };
        return CharacterSet.Range(literal.Value, literal.Value);
    }

    private int Hexadecimal(int length, bool closed)
    {
        if (length is < 1 or > 8 || length > text.Left
            || !int.TryParse(text.Span(length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value) || !Rune.IsValid(value))
        {
            throw text.Error("a code point in hexadecimal is malformed");
        }

        text.Position += length + (closed ? 1 : 0);
        return value;
    }

    private CharacterSet ParseProperty(bool negative)
    {
        if (!text.Take('{'))
        {
            throw text.Error("\\p must be followed by a name in braces");
        }

        int end = text.Find('}');
        string name = end < 0 ? throw text.Error("\\p{ does not end") : text.To(end);
        text.Position = end + 1;
        if (name.StartsWith('^'))
        {
            negative = !negative;
            name = name[1..];
        }

        CharacterSet set = UnicodeSets.Property(name) ?? throw text.Error($"the property \\p{{{name}}} is not supported; known are general categories and Han");
        return negative ? set.Complement() : set;
    }

    /// <summary>The set in brackets, of which the first was read.</summary>
    /// <param name="start">Where that was, for errors.</param>
    /// <param name="ignoreCase">Whether both cases of a letter are in it with either.</param>
    public CharacterSet Parse(int start, bool ignoreCase)
    {
        if (++_depth > DeepestNesting)
        {
            throw text.Error($"brackets are nested more than {DeepestNesting} deep");
        }

        bool negative = text.Take('^');
        CharacterSet? whole = null;
        CharacterSet part = CharacterSet.Empty;
        bool first = true;
        while (true)
        {
            if (text.Left == 0)
            {
                throw new PatternException($"the bracket at {start} does not close");
            }

            if (text.First == ']' && !first)
            {
                text.Position++;
                break;
            }

            first = false;
            if (text.StartsWith("&&"))
            {
                text.Position += 2;
                whole = whole?.Intersect(part) ?? part;
                part = CharacterSet.Empty;
                continue;
            }

            part = part.Union(ParseItem(ignoreCase));
        }

        _depth--;
        CharacterSet set = whole?.Intersect(part) ?? part;
        set = ignoreCase ? set.IgnoringCase() : set;
        return negative ? set.Complement() : set;
    }

    private CharacterSet ParseItem(bool ignoreCase)
    {
        if (text.StartsWith("[:"))
        {
            throw text.Error("a class by name such as [:alpha:] is not supported; use \\p{...}");
        }

        int start = text.Position;
        if (text.Take('['))
        {
            return Parse(start, ignoreCase);
        }

        CharacterSet set = ParseAtom(out int? low);
        if (low is not int from || text.Peek() != '-' || text.Left < 2 || text.Second is ']' or '[')
        {
            return set;
        }

        text.Position++;
        ParseAtom(out int? high);
        return high is not int to ? throw text.Error("a range must end with a character")
            : to < from ? throw text.Error("a range ends before it begins")
            : CharacterSet.Range(from, to);
    }

    private CharacterSet ParseAtom(out int? literal)
    {
        if (text.Take('\\'))
        {
            if (text.Take('b'))
            {
                literal = '\b';
                return CharacterSet.Range('\b', '\b');
            }

            return ParseEscaped(out literal);
        }

        literal = text.NextRune().Value;
        return CharacterSet.Range(literal.Value, literal.Value);
    }
}
