using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Moiety.Models.Tokenizers.Patterns;

/// <summary>
/// Reads regular expressions in the dialect of Oniguruma, which the <c>tokenizers</c> library uses (syntax of Ruby). What no linear-time
/// matcher can do (back references, atomic groups of more than a character) and what no tokenizer needs is an error that names it.
/// </summary>
internal sealed class PatternParser
{
    private const int LongestPattern = 16_384;
    private const int LargestRepetition = 1000;
    private const int DeepestNesting = 100;
    private const int MostQuantifiers = 10;

    private static readonly CharacterSet LineBreak = CharacterSet.Range('\n', '\n');
    private readonly string _text;
    private int _at;
    private int _depth;
    private bool _ignoreCase;
    private bool _dotMatchesAll;

    private PatternParser(string text) => _text = text;

    /// <summary>Parses a pattern.</summary>
    /// <exception cref="PatternException">It is malformed or not supported.</exception>
    public static PatternNode Parse(string pattern)
    {
        if (pattern.Length > LongestPattern)
        {
            throw new PatternException($"it has {pattern.Length} characters; up to {LongestPattern} are supported");
        }

        PatternParser parser = new(pattern);
        PatternNode node = parser.ParseChoice();
        return parser._at == pattern.Length ? node : throw parser.Error("a closing parenthesis has no opening one");
    }

    private PatternNode ParseChoice()
    {
        if (++_depth > DeepestNesting)
        {
            throw Error($"groups are nested more than {DeepestNesting} deep");
        }

        // (?i) without a colon holds up to the end of its group.
        (bool ignoreCase, bool dotMatchesAll) = (_ignoreCase, _dotMatchesAll);
        List<PatternNode> choices = [ParseSequence()];
        while (Take('|'))
        {
            choices.Add(ParseSequence());
        }

        (_ignoreCase, _dotMatchesAll) = (ignoreCase, dotMatchesAll);
        _depth--;
        return choices.Count == 1 ? choices[0]
            : choices.All(static choice => choice is PatternNode.Character) ? new PatternNode.Character(
                choices.Aggregate(CharacterSet.Empty, static (set, choice) => set.Union(((PatternNode.Character)choice).Set)))
            : new PatternNode.Choice([.. choices]);
    }

    private PatternNode ParseSequence()
    {
        ImmutableArray<PatternNode>.Builder items = ImmutableArray.CreateBuilder<PatternNode>();
        int lastFolded = -1;
        while (_at < _text.Length && _text[_at] is not ('|' or ')'))
        {
            RefuseFoldedPairs(ref lastFolded);
            if (ParseItem() is { } item)
            {
                items.Add(ParseQuantifiers(item));
            }
        }

        return items.Count == 1 ? items[0] : new PatternNode.Sequence(items.ToImmutable());
    }

    // Oniguruma lets (?i:ss) match ß and (?i:st) the ligature: no tokenizer has that, and it would go wrong in silence.
    private void RefuseFoldedPairs(ref int lastFolded)
    {
        if (!_ignoreCase)
        {
            lastFolded = -1;
            return;
        }

        char c = char.ToLowerInvariant(_text[_at]);
        if (lastFolded >= 0 && ((char)lastFolded, c) is ('s', 's') or ('s', 't') or ('f', 'f') or ('f', 'i') or ('f', 'l'))
        {
            throw Error($"\"{(char)lastFolded}{c}\" without regard to case, which one character may match, is not supported");
        }

        lastFolded = c;
    }

    private PatternNode? ParseItem()
    {
        int start = _at;
        Rune rune = NextRune();
        switch (rune.Value)
        {
            case '(':
                return ParseGroup();
            case '[':
                return new PatternNode.Character(ParseClass(start));
            case '.':
                return new PatternNode.Character(_dotMatchesAll ? CharacterSet.All : LineBreak.Complement());
            case '^':
                return new PatternNode.Beside(LineBreak, OrNone: true, Behind: true);
            case '$':
                return new PatternNode.Beside(LineBreak, OrNone: true, Behind: false);
            case '\\':
                return ParseEscape();
            case '*' or '+' or '?':
                throw Error($"\"{rune}\" has nothing to repeat");
            default:
                return Literal(rune.Value);
        }
    }

    private PatternNode.Character Literal(int value) => new(Folded(CharacterSet.Range(value, value), value));

    private CharacterSet Folded(CharacterSet set, int? literal)
    {
        if (!_ignoreCase)
        {
            return set;
        }

        return literal is null or < 0x80
            ? set.IgnoringCase()
            : throw Error($"the character {char.ConvertFromUtf32(literal.Value)} without regard to case is not supported");
    }

    private PatternNode? ParseGroup()
    {
        if (!Take('?'))
        {
            return Close(ParseChoice());
        }

        char kind = Next();
        switch (kind)
        {
            case ':':
                return Close(ParseChoice());
            case '=' or '!':
                return Look(Close(ParseChoice()), kind == '!', behind: false);
            case '#':
                _at = _text.IndexOf(')', _at) is >= 0 and int end ? end + 1 : throw Error("a comment does not end");
                return null;
            case '>':
                return Close(ParseChoice()) is PatternNode.Character one ? one : throw Error("an atomic group (?>...) is not supported");
            case '<' when Peek() is '=' or '!':
                bool negative = Next() == '!';
                return Look(Close(ParseChoice()), negative, behind: true);
            case '<':
                _at = _text.IndexOf('>', _at) is >= 0 and int name ? name + 1 : throw Error("the name of a group does not end");
                return Close(ParseChoice());
            default:
                _at--;
                return ParseFlags();
        }
    }

    private PatternNode? ParseFlags()
    {
        bool on = true;
        (bool ignoreCase, bool dotMatchesAll) = (_ignoreCase, _dotMatchesAll);
        while (true)
        {
            char flag = Next();
            switch (flag)
            {
                case '-':
                    on = false;
                    break;
                case 'i':
                    _ignoreCase = on;
                    break;
                case 'm':
                    _dotMatchesAll = on;
                    break;
                case ')':
                    return null;
                case ':':
                    PatternNode inner = Close(ParseChoice());
                    (_ignoreCase, _dotMatchesAll) = (ignoreCase, dotMatchesAll);
                    return inner;
                default:
                    throw Error($"(?{flag} is not supported");
            }
        }
    }

    private PatternNode Close(PatternNode inner) => Take(')') ? inner : throw Error("an opening parenthesis has no closing one");

    private PatternNode Look(PatternNode inner, bool negative, bool behind)
    {
        if (inner is PatternNode.Character one)
        {
            return new PatternNode.Beside(negative ? one.Set.Complement() : one.Set, OrNone: negative, behind);
        }

        return behind
            ? throw Error("a lookbehind of more than one character is not supported")
            : new PatternNode.Ahead(inner, negative);
    }

    private PatternNode ParseQuantifiers(PatternNode item)
    {
        for (int depth = 0; _at < _text.Length; depth++)
        {
            (int Min, int? Max)? bounds = ParseBounds(out bool interval);
            if (bounds is not var (min, max))
            {
                return item;
            }

            if (depth == MostQuantifiers)
            {
                throw Error($"more than {MostQuantifiers} repetitions of one another");
            }

            if (item is PatternNode.Beside or PatternNode.Ahead)
            {
                throw Error("a repeated assertion is not supported");
            }

            if (interval && Peek() == '?' && max == min)
            {
                throw Error($"{{{min}}}? is not supported");
            }

            bool lazy = Take('?');
            item = min == 1 && max == 1 ? item : !lazy && !interval && Take('+') ? Possessive(item, min, max) : new PatternNode.Repeat(item, min, max, lazy);
        }

        return item;
    }

    private (int Min, int? Max)? ParseBounds(out bool interval)
    {
        interval = false;
        switch (_text[_at])
        {
            case '*':
                _at++;
                return (0, null);
            case '+':
                _at++;
                return (1, null);
            case '?':
                _at++;
                return (0, 1);
            case '{':
                interval = true;
                return ParseInterval();
            default:
                return null;
        }
    }

    // What is no interval, such as "{x", is text.
    private (int Min, int? Max)? ParseInterval()
    {
        int end = _text.IndexOf('}', _at);
        string[] parts = end < 0 ? [] : _text[(_at + 1)..end].Split(',');
        if (parts.Length is not (1 or 2) || !parts.All(static part => part.All(char.IsAsciiDigit)) || parts.All(static part => part.Length == 0))
        {
            return null;
        }

        int? min = parts[0].Length == 0 ? 0 : Number(parts[0]);
        int? max = parts.Length == 1 ? min : parts[1].Length == 0 ? null : Number(parts[1]);
        _at = end + 1;
        return max < min ? throw Error($"the repetition {{{min},{max}}} is empty") : (min.Value, max);
    }

    private int Number(string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value <= LargestRepetition
            ? value
            : throw Error($"{digits} repetitions are too many; up to {LargestRepetition} are supported");

    // Taking all and giving nothing back: the next character must not be one more.
    private PatternNode Possessive(PatternNode item, int min, int? max)
    {
        if (item is not PatternNode.Character one)
        {
            throw Error("a possessive repetition of more than one character is not supported");
        }

        PatternNode.Beside noMore = new(one.Set.Complement(), OrNone: true, Behind: false);
        return max is null
            ? new PatternNode.Sequence([new PatternNode.Repeat(item, min, null, Lazy: false), noMore])
            : new PatternNode.Choice([item, noMore]);
    }

    private PatternNode ParseEscape()
    {
        int start = _at;
        char c = Next();
        switch (c)
        {
            case 'b' or 'B':
                return Border(c == 'b');
            case 'A':
                return new PatternNode.Beside(CharacterSet.Empty, OrNone: true, Behind: true);
            case 'z':
                return new PatternNode.Beside(CharacterSet.Empty, OrNone: true, Behind: false);
            default:
                _at = start;
                CharacterSet set = ParseEscapedSet(out int? literal);
                return new PatternNode.Character(Folded(set, literal));
        }
    }

    // A word begins or ends here, or not.
    private static PatternNode.Choice Border(bool wanted)
    {
        CharacterSet word = UnicodeSets.Word;
        CharacterSet other = word.Complement();
        PatternNode Both(CharacterSet before, CharacterSet after) => new PatternNode.Sequence(
            [new PatternNode.Beside(before, !before.Same(word), Behind: true), new PatternNode.Beside(after, !after.Same(word), Behind: false)]);
        return new PatternNode.Choice([Both(word, wanted ? other : word), Both(other, wanted ? word : other)]);
    }

    // After the backslash, inside or outside of brackets.
    private CharacterSet ParseEscapedSet(out int? literal)
    {
        literal = null;
        Rune rune = NextRune();
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
            'x' when Take('{') => Hexadecimal(_text.IndexOf('}', _at) is >= 0 and int end ? end - _at : throw Error("\\x{ does not end"), closed: true),
            'x' => Hexadecimal(2, closed: false),
            'u' => Hexadecimal(4, closed: false),
            _ when rune.IsAscii && char.IsAsciiLetterOrDigit((char)rune.Value) => throw Error($"\\{rune} is not supported"),
            _ => rune.Value,
        };
        return CharacterSet.Range(literal.Value, literal.Value);
    }

    private int Hexadecimal(int length, bool closed)
    {
        if (length is < 1 or > 8 || _at + length > _text.Length
            || !int.TryParse(_text.AsSpan(_at, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value) || !Rune.IsValid(value))
        {
            throw Error("a code point in hexadecimal is malformed");
        }

        _at += length + (closed ? 1 : 0);
        return value;
    }

    private CharacterSet ParseProperty(bool negative)
    {
        if (!Take('{'))
        {
            throw Error("\\p must be followed by a name in braces");
        }

        int end = _text.IndexOf('}', _at);
        string name = end < 0 ? throw Error("\\p{ does not end") : _text[_at..end];
        _at = end + 1;
        if (name.StartsWith('^'))
        {
            negative = !negative;
            name = name[1..];
        }

        CharacterSet set = UnicodeSets.Property(name) ?? throw Error($"the property \\p{{{name}}} is not supported; known are general categories and Han");
        return negative ? set.Complement() : set;
    }

    // After the bracket at start.
    private CharacterSet ParseClass(int start)
    {
        if (++_depth > DeepestNesting)
        {
            throw Error($"brackets are nested more than {DeepestNesting} deep");
        }

        bool negative = Take('^');
        CharacterSet? whole = null;
        CharacterSet part = CharacterSet.Empty;
        bool first = true;
        while (true)
        {
            if (_at >= _text.Length)
            {
                throw new PatternException($"the bracket at {start} does not close");
            }

            if (_text[_at] == ']' && !first)
            {
                _at++;
                break;
            }

            first = false;
            if (_text.AsSpan(_at).StartsWith("&&"))
            {
                _at += 2;
                whole = whole?.Intersect(part) ?? part;
                part = CharacterSet.Empty;
                continue;
            }

            part = part.Union(ParseClassItem());
        }

        _depth--;
        CharacterSet set = whole?.Intersect(part) ?? part;
        set = _ignoreCase ? set.IgnoringCase() : set;
        return negative ? set.Complement() : set;
    }

    private CharacterSet ParseClassItem()
    {
        if (_text.AsSpan(_at).StartsWith("[:"))
        {
            throw Error("a class by name such as [:alpha:] is not supported; use \\p{...}");
        }

        int start = _at;
        if (Take('['))
        {
            return ParseClass(start);
        }

        CharacterSet set = ParseClassAtom(out int? low);
        if (low is not int from || Peek() != '-' || _at + 1 >= _text.Length || _text[_at + 1] is ']' or '[')
        {
            return set;
        }

        _at++;
        ParseClassAtom(out int? high);
        return high is not int to ? throw Error("a range must end with a character")
            : to < from ? throw Error("a range ends before it begins")
            : CharacterSet.Range(from, to);
    }

    private CharacterSet ParseClassAtom(out int? literal)
    {
        if (Take('\\'))
        {
            if (Take('b'))
            {
                literal = '\b';
                return CharacterSet.Range('\b', '\b');
            }

            return ParseEscapedSet(out literal);
        }

        literal = NextRune().Value;
        return CharacterSet.Range(literal.Value, literal.Value);
    }

    private bool Take(char expected)
    {
        bool found = Peek() == expected;
        _at += found ? 1 : 0;
        return found;
    }

    private char? Peek() => _at < _text.Length ? _text[_at] : null;

    private char Next() => _at < _text.Length ? _text[_at++] : throw Error("it ends too early");

    private Rune NextRune()
    {
        if (Rune.DecodeFromUtf16(_text.AsSpan(_at), out Rune rune, out int length) != System.Buffers.OperationStatus.Done)
        {
            throw Error("it ends too early or is not valid Unicode");
        }

        _at += length;
        return rune;
    }

    private PatternException Error(string reason) => new($"{reason} (at character {_at})");
}
