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
    private readonly PatternText _text;
    private readonly CharacterClassParser _classes;
    private int _depth;
    private bool _ignoreCase;
    private bool _dotMatchesAll;

    private PatternParser(PatternText text)
    {
        _text = text;
        _classes = new CharacterClassParser(text);
    }

    /// <summary>Parses a pattern.</summary>
    /// <exception cref="PatternException">It is malformed or not supported.</exception>
    public static PatternNode Parse(string pattern)
    {
        if (pattern.Length > LongestPattern)
        {
            throw new PatternException($"it has {pattern.Length} characters; up to {LongestPattern} are supported");
        }

        PatternParser parser = new(new PatternText(pattern));
        PatternNode node = parser.ParseChoice();
        return parser._text.Left == 0 ? node : throw parser._text.Error("a closing parenthesis has no opening one");
    }

    private PatternNode ParseChoice()
    {
        if (++_depth > DeepestNesting)
        {
            throw _text.Error($"groups are nested more than {DeepestNesting} deep");
        }

        // (?i) without a colon holds up to the end of its group.
        (bool ignoreCase, bool dotMatchesAll) = (_ignoreCase, _dotMatchesAll);
        List<PatternNode> choices = [ParseSequence()];
        while (_text.Take('|'))
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
        while (_text.Left > 0 && _text.First is not ('|' or ')'))
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

        char c = char.ToLowerInvariant(_text.First);
        if (lastFolded >= 0 && ((char)lastFolded, c) is ('s', 's') or ('s', 't') or ('f', 'f') or ('f', 'i') or ('f', 'l'))
        {
            throw _text.Error($"\"{(char)lastFolded}{c}\" without regard to case, which one character may match, is not supported");
        }

        lastFolded = c;
    }

    private PatternNode? ParseItem()
    {
        int start = _text.Position;
        Rune rune = _text.NextRune();
        switch (rune.Value)
        {
            case '(':
                return ParseGroup();
            case '[':
                return new PatternNode.Character(_classes.Parse(start, _ignoreCase));
            case '.':
                return new PatternNode.Character(_dotMatchesAll ? CharacterSet.All : LineBreak.Complement());
            case '^':
                return new PatternNode.Beside(LineBreak, OrNone: true, Behind: true);
            case '$':
                return new PatternNode.Beside(LineBreak, OrNone: true, Behind: false);
            case '\\':
                return ParseEscape();
            case '*' or '+' or '?':
                throw _text.Error($"\"{rune}\" has nothing to repeat");
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
            : throw _text.Error($"the character {char.ConvertFromUtf32(literal.Value)} without regard to case is not supported");
    }

    private PatternNode? ParseGroup()
    {
        if (!_text.Take('?'))
        {
            return Close(ParseChoice());
        }

        char kind = _text.Next();
        switch (kind)
        {
            case ':':
                return Close(ParseChoice());
            case '=' or '!':
                return Look(Close(ParseChoice()), kind == '!', behind: false);
            case '#':
                _text.Position = _text.Find(')') is >= 0 and int end ? end + 1 : throw _text.Error("a comment does not end");
                return null;
            case '>':
                return Close(ParseChoice()) is PatternNode.Character one ? one : throw _text.Error("an atomic group (?>...) is not supported");
            case '<' when _text.Peek() is '=' or '!':
                bool negative = _text.Next() == '!';
                return Look(Close(ParseChoice()), negative, behind: true);
            case '<':
                _text.Position = _text.Find('>') is >= 0 and int name ? name + 1 : throw _text.Error("the name of a group does not end");
                return Close(ParseChoice());
            default:
                _text.Position--;
                return ParseFlags();
        }
    }

    private PatternNode? ParseFlags()
    {
        bool on = true;
        (bool ignoreCase, bool dotMatchesAll) = (_ignoreCase, _dotMatchesAll);
        while (true)
        {
            char flag = _text.Next();
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
                    throw _text.Error($"(?{flag} is not supported");
            }
        }
    }

    private PatternNode Close(PatternNode inner) => _text.Take(')') ? inner : throw _text.Error("an opening parenthesis has no closing one");

    private PatternNode Look(PatternNode inner, bool negative, bool behind)
    {
        if (inner is PatternNode.Character one)
        {
            return new PatternNode.Beside(negative ? one.Set.Complement() : one.Set, OrNone: negative, behind);
        }

        return behind
            ? throw _text.Error("a lookbehind of more than one character is not supported")
            : new PatternNode.Ahead(inner, negative);
    }

    private PatternNode ParseQuantifiers(PatternNode item)
    {
        for (int depth = 0; _text.Left > 0; depth++)
        {
            (int Min, int? Max)? bounds = ParseBounds(out bool interval);
            if (bounds is not var (min, max))
            {
                return item;
            }

            if (depth == MostQuantifiers)
            {
                throw _text.Error($"more than {MostQuantifiers} repetitions of one another");
            }

            if (item is PatternNode.Beside or PatternNode.Ahead)
            {
                throw _text.Error("a repeated assertion is not supported");
            }

            if (interval && _text.Peek() == '?' && max == min)
            {
                throw _text.Error($"{{{min}}}? is not supported");
            }

            bool lazy = _text.Take('?');
            item = min == 1 && max == 1 ? item : !lazy && !interval && _text.Take('+') ? Possessive(item, min, max) : new PatternNode.Repeat(item, min, max, lazy);
        }

        return item;
    }

    private (int Min, int? Max)? ParseBounds(out bool interval)
    {
        interval = false;
        switch (_text.First)
        {
            case '*':
                _text.Position++;
                return (0, null);
            case '+':
                _text.Position++;
                return (1, null);
            case '?':
                _text.Position++;
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
        int end = _text.Find('}');
        string[] parts = end < 0 ? [] : _text.To(end, 1).Split(',');
        if (parts.Length is not (1 or 2) || !parts.All(static part => part.All(char.IsAsciiDigit)) || parts.All(static part => part.Length == 0))
        {
            return null;
        }

        int? min = parts[0].Length == 0 ? 0 : Number(parts[0]);
        int? max = parts.Length == 1 ? min : parts[1].Length == 0 ? null : Number(parts[1]);
        _text.Position = end + 1;
        return max < min ? throw _text.Error($"the repetition {{{min},{max}}} is empty") : (min.Value, max);
    }

    private int Number(string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value <= LargestRepetition
            ? value
            : throw _text.Error($"{digits} repetitions are too many; up to {LargestRepetition} are supported");

    // Taking all and giving nothing back: the next character must not be one more.
    private PatternNode Possessive(PatternNode item, int min, int? max)
    {
        if (item is not PatternNode.Character one)
        {
            throw _text.Error("a possessive repetition of more than one character is not supported");
        }

        PatternNode.Beside noMore = new(one.Set.Complement(), OrNone: true, Behind: false);
        return max is null
            ? new PatternNode.Sequence([new PatternNode.Repeat(item, min, null, Lazy: false), noMore])
            : new PatternNode.Choice([item, noMore]);
    }

    private PatternNode ParseEscape()
    {
        int start = _text.Position;
        char c = _text.Next();
        switch (c)
        {
            case 'b' or 'B':
                return Border(c == 'b');
            case 'A':
                return new PatternNode.Beside(CharacterSet.Empty, OrNone: true, Behind: true);
            case 'z':
                return new PatternNode.Beside(CharacterSet.Empty, OrNone: true, Behind: false);
            default:
                _text.Position = start;
                CharacterSet set = _classes.ParseEscaped(out int? literal);
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
}
