using System.Globalization;
using System.Text;

namespace Moiety.Models.Templates;

/// <summary>
/// Cuts a template into tokens as Jinja does with <c>trim_blocks</c> and <c>lstrip_blocks</c>, which is how chat templates are meant:
/// the line break after a block vanishes, and so does the white space before a block that begins its line.
/// </summary>
internal sealed class TemplateLexer
{
    // Longest first: the first that fits is taken.
    private static readonly string[] Symbols =
        ["//", "**", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",", ".", ":", "|", ";"];

    private readonly string _source;
    private readonly List<TemplateToken> _tokens = [];
    private int _position;
    private int _line = 1;

    private TemplateLexer(string source) => _source = source;

    /// <summary>Cuts a template.</summary>
    /// <exception cref="InvalidTemplateException">A tag or a string does not end, or a character means nothing.</exception>
    public static List<TemplateToken> Tokenize(string source)
    {
        // Jinja reads all line breaks as \n and drops one at the very end.
        string normal = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        TemplateLexer lexer = new(normal.EndsWith('\n') ? normal[..^1] : normal);
        lexer.Run();
        return lexer._tokens;
    }

    private void Run()
    {
        bool trimLeft = false;
        bool dropLineBreak = false;
        while (true)
        {
            int start = _position;
            int tag = FindTag(start);
            int end = tag < 0 ? _source.Length : tag;
            char kind = tag < 0 ? '\0' : _source[tag + 1];
            char mark = tag >= 0 && tag + 2 < _source.Length ? _source[tag + 2] : '\0';
            AddText(start, end, trimLeft, dropLineBreak, kind, mark);
            if (tag < 0)
            {
                break;
            }

            _position = tag + 2 + (mark is '-' or '+' ? 1 : 0);
            (trimLeft, dropLineBreak) = kind switch
            {
                '#' => SkipComment(),
                '%' => ReadTag(TemplateTokenKind.BlockBegin, TemplateTokenKind.BlockEnd, "%}"),
                _ => ReadTag(TemplateTokenKind.OutputBegin, TemplateTokenKind.OutputEnd, "}}"),
            };
        }

        Add(TemplateTokenKind.End, "");
    }

    private int FindTag(int start)
    {
        for (int at = _source.IndexOf('{', start); at >= 0 && at + 1 < _source.Length; at = _source.IndexOf('{', at + 1))
        {
            if (_source[at + 1] is '{' or '%' or '#')
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>Adds the text between two tags, less the white space that they take.</summary>
    private void AddText(int start, int end, bool trimLeft, bool dropLineBreak, char nextKind, char nextMark)
    {
        int from = start;
        int to = end;
        if (trimLeft)
        {
            while (from < to && char.IsWhiteSpace(_source[from]))
            {
                from++;
            }
        }
        else if (dropLineBreak && from < to && _source[from] == '\n')
        {
            from++;
        }

        if (nextMark == '-')
        {
            while (to > from && char.IsWhiteSpace(_source[to - 1]))
            {
                to--;
            }
        }
        else if (nextKind is '%' or '#' && nextMark != '+')
        {
            int line = to;
            while (line > from && _source[line - 1] is ' ' or '\t')
            {
                line--;
            }

            // Only when nothing but white space stands before the tag on its line.
            if (line == 0 || _source[line - 1] == '\n')
            {
                to = line;
            }
        }

        if (to > from)
        {
            Add(TemplateTokenKind.Text, _source[from..to]);
        }

        CountLines(start, end);
    }

    private (bool TrimLeft, bool DropLineBreak) SkipComment()
    {
        int end = _source.IndexOf("#}", _position, StringComparison.Ordinal);
        if (end < 0)
        {
            throw new InvalidTemplateException(_line, "a comment does not end");
        }

        char mark = end > _position ? _source[end - 1] : '\0';
        CountLines(_position, end);
        _position = end + 2;
        return (mark == '-', mark != '+');
    }

    private (bool TrimLeft, bool DropLineBreak) ReadTag(TemplateTokenKind begin, TemplateTokenKind end, string close)
    {
        int first = _tokens.Count;
        Add(begin, "");
        int braces = 0;
        while (true)
        {
            SkipWhiteSpace();
            if (_position >= _source.Length)
            {
                throw new InvalidTemplateException(_line, $"a tag does not end with {close}");
            }

            char mark = _source[_position];
            int at = mark is '-' or '+' ? _position + 1 : _position;
            if (braces == 0 && string.CompareOrdinal(_source, at, close, 0, 2) == 0)
            {
                _position = at + 2;
                Add(end, "");
                bool block = begin == TemplateTokenKind.BlockBegin;
                return block && _tokens.Count == first + 3 && _tokens[first + 1].Is("raw")
                    ? ReadRaw(first, mark == '-')
                    : (mark == '-', block && mark != '+');
            }

            if (braces == 0 && mark == '}')
            {
                throw new InvalidTemplateException(_line, $"found \"}}\" where \"{close}\" was expected");
            }

            braces += mark == '{' ? 1 : mark == '}' ? -1 : 0;
            ReadToken();
        }
    }

    /// <summary>Everything up to <c>{% endraw %}</c> is text, also a line break at its beginning.</summary>
    private (bool TrimLeft, bool DropLineBreak) ReadRaw(int first, bool trimLeft)
    {
        _tokens.RemoveRange(first, _tokens.Count - first);
        for (int tag = _source.IndexOf("{%", _position, StringComparison.Ordinal); tag >= 0; tag = _source.IndexOf("{%", tag + 2, StringComparison.Ordinal))
        {
            int name = tag + 2;
            char mark = name < _source.Length ? _source[name] : '\0';
            name += mark is '-' or '+' ? 1 : 0;
            while (name < _source.Length && char.IsWhiteSpace(_source[name]))
            {
                name++;
            }

            int end = name + "endraw".Length;
            if (string.CompareOrdinal(_source, name, "endraw", 0, "endraw".Length) != 0)
            {
                continue;
            }

            while (end < _source.Length && char.IsWhiteSpace(_source[end]))
            {
                end++;
            }

            char last = end < _source.Length ? _source[end] : '\0';
            int close = last is '-' or '+' ? end + 1 : end;
            if (string.CompareOrdinal(_source, close, "%}", 0, 2) == 0)
            {
                AddText(_position, tag, trimLeft, dropLineBreak: false, '%', mark);
                CountLines(tag, close);
                _position = close + 2;
                return (last == '-', last != '+');
            }
        }

        throw new InvalidTemplateException(_line, "{% raw %} has no {% endraw %}");
    }

    private void ReadToken()
    {
        char first = _source[_position];
        if (first is '"' or '\'')
        {
            ReadString(first);
        }
        else if (char.IsAsciiDigit(first))
        {
            ReadNumber();
        }
        else if (char.IsLetter(first) || first == '_')
        {
            int start = _position;
            while (_position < _source.Length && (char.IsLetterOrDigit(_source[_position]) || _source[_position] == '_'))
            {
                _position++;
            }

            Add(TemplateTokenKind.Name, _source[start.._position]);
        }
        else
        {
            foreach (string symbol in Symbols)
            {
                if (string.CompareOrdinal(_source, _position, symbol, 0, symbol.Length) == 0)
                {
                    _position += symbol.Length;
                    Add(TemplateTokenKind.Symbol, symbol);
                    return;
                }
            }

            throw new InvalidTemplateException(_line, $"the character '{first}' means nothing here");
        }
    }

    private void ReadNumber()
    {
        if (_source[_position] == '0' && _position + 1 < _source.Length && char.ToLowerInvariant(_source[_position + 1]) is 'x' or 'o' or 'b')
        {
            ReadPrefixedNumber();
            return;
        }

        int start = _position;
        Digits();
        bool isFloat = false;
        if (_position + 1 < _source.Length && _source[_position] == '.' && char.IsAsciiDigit(_source[_position + 1]))
        {
            isFloat = true;
            _position++;
            Digits();
        }

        int exponent = _position + 1;
        if (_position < _source.Length && _source[_position] is 'e' or 'E')
        {
            exponent += exponent < _source.Length && _source[exponent] is '+' or '-' ? 1 : 0;
            if (exponent < _source.Length && char.IsAsciiDigit(_source[exponent]))
            {
                isFloat = true;
                _position = exponent;
                Digits();
            }
        }

        Add(isFloat ? TemplateTokenKind.Float : TemplateTokenKind.Integer, _source[start.._position].Replace("_", "", StringComparison.Ordinal));
    }

    // 0x1F, 0o17, 0b101.
    private void ReadPrefixedNumber()
    {
        int digitBits = char.ToLowerInvariant(_source[_position + 1]) switch
        {
            'x' => 4,
            'o' => 3,
            _ => 1,
        };
        int start = _position + 2;
        ulong value = 0;
        for (_position = start; _position < _source.Length; _position++)
        {
            char character = _source[_position];
            int digit = character == '_' ? 0 : char.IsAsciiHexDigit(character) ? Convert.ToInt32(character.ToString(), 16) : int.MaxValue;
            if (digit >> digitBits != 0)
            {
                break;
            }

            if (character != '_')
            {
                value = value >> (63 - digitBits) == 0
                    ? (value << digitBits) | (uint)digit
                    : throw new InvalidTemplateException(_line, "a number does not fit 64 bits");
            }
        }

        if (_position == start)
        {
            throw new InvalidTemplateException(_line, "a number has no digits");
        }

        Add(TemplateTokenKind.Integer, value.ToString(CultureInfo.InvariantCulture));
    }

    private void Digits()
    {
        while (_position < _source.Length && (char.IsAsciiDigit(_source[_position]) || _source[_position] == '_'))
        {
            _position++;
        }
    }

    private void ReadString(char quote)
    {
        int line = _line;
        StringBuilder text = new();
        for (_position++; _position < _source.Length; _position++)
        {
            char next = _source[_position];
            if (next == quote)
            {
                _position++;
                _tokens.Add(new TemplateToken(TemplateTokenKind.String, text.ToString(), line));
                return;
            }

            if (next == '\n')
            {
                _line++;
            }

            if (next == '\\' && _position + 1 < _source.Length)
            {
                _position++;
                ReadEscape(text);
            }
            else
            {
                text.Append(next);
            }
        }

        throw new InvalidTemplateException(line, "a string does not end");
    }

    // As in Python's string literals; an unknown escape keeps its backslash.
    private void ReadEscape(StringBuilder text)
    {
        char escape = _source[_position];
        switch (escape)
        {
            case 'n': text.Append('\n'); break;
            case 't': text.Append('\t'); break;
            case 'r': text.Append('\r'); break;
            case 'b': text.Append('\b'); break;
            case 'f': text.Append('\f'); break;
            case 'v': text.Append('\v'); break;
            case 'a': text.Append('\a'); break;
            case '0': text.Append('\0'); break;
            case '\\' or '\'' or '"': text.Append(escape); break;
            case '\n': _line++; break;
            case 'x': ReadCode(text, 2); break;
            case 'u': ReadCode(text, 4); break;
            case 'U': ReadCode(text, 8); break;
            default: text.Append('\\').Append(escape); break;
        }
    }

    private void ReadCode(StringBuilder text, int digits)
    {
        if (_position + digits >= _source.Length
            || !uint.TryParse(_source.AsSpan(_position + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code)
            || code > 0x10FFFF)
        {
            throw new InvalidTemplateException(_line, $"\\{_source[_position]} needs {digits} hexadecimal digits of a Unicode character");
        }

        if (code is >= 0xD800 and <= 0xDFFF)
        {
            text.Append((char)code);
        }
        else
        {
            text.Append(char.ConvertFromUtf32((int)code));
        }

        _position += digits;
    }

    private void SkipWhiteSpace()
    {
        for (; _position < _source.Length && char.IsWhiteSpace(_source[_position]); _position++)
        {
            _line += _source[_position] == '\n' ? 1 : 0;
        }
    }

    private void CountLines(int start, int end) => _line += _source.AsSpan(start, end - start).Count('\n');

    private void Add(TemplateTokenKind kind, string text) => _tokens.Add(new TemplateToken(kind, text, _line));
}
