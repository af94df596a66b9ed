using System.Text;

namespace Moiety.Cli.Conversation;

/// <summary>A line that is being typed, its cursor, and the lines typed before it.</summary>
internal sealed class LineBuffer
{
    private readonly StringBuilder _text = new();
    private readonly List<string> _history = [];
    private string _unfinished = "";
    private int _place;

    /// <summary>The line.</summary>
    public string Text => _text.ToString();

    /// <summary>Where the cursor stands, in characters.</summary>
    public int Cursor { get; private set; }

    /// <summary>Takes a key.</summary>
    /// <returns>Whether the line is finished.</returns>
    public bool Press(ConsoleKeyInfo key)
    {
        bool control = key.Modifiers.HasFlag(ConsoleModifiers.Control);
        switch (key.Key)
        {
            case ConsoleKey.Enter:
                return true;
            case ConsoleKey.Backspace when Cursor > 0:
                Remove(Previous(), Cursor);
                break;
            case ConsoleKey.Delete when Cursor < _text.Length:
                Remove(Cursor, Next());
                break;
            case ConsoleKey.LeftArrow:
                Cursor = Previous();
                break;
            case ConsoleKey.RightArrow:
                Cursor = Next();
                break;
            case ConsoleKey.Home:
            case ConsoleKey.A when control:
                Cursor = 0;
                break;
            case ConsoleKey.End:
            case ConsoleKey.E when control:
                Cursor = _text.Length;
                break;
            case ConsoleKey.U when control:
                Remove(0, Cursor);
                break;
            case ConsoleKey.K when control:
                Remove(Cursor, _text.Length);
                break;
            case ConsoleKey.W when control:
                Remove(StartOfWord(), Cursor);
                break;
            case ConsoleKey.UpArrow:
                Recall(_place - 1);
                break;
            case ConsoleKey.DownArrow:
                Recall(_place + 1);
                break;
            default:
                if (key.KeyChar >= ' ' && key.KeyChar != '\x7f')
                {
                    _text.Insert(Cursor++, key.KeyChar);
                }

                break;
        }

        return false;
    }

    /// <summary>Takes the finished line, remembers it until the program ends, and begins a new one.</summary>
    public string Take()
    {
        string line = Text;
        if (line.Length > 0 && (_history.Count == 0 || _history[^1] != line))
        {
            _history.Add(line);
        }

        Put("");
        _place = _history.Count;
        return line;
    }

    private void Recall(int place)
    {
        if (place < 0 || place > _history.Count)
        {
            return;
        }

        if (_place == _history.Count)
        {
            _unfinished = Text;
        }

        _place = place;
        Put(place == _history.Count ? _unfinished : _history[place]);
    }

    private void Put(string text)
    {
        _text.Clear().Append(text);
        Cursor = text.Length;
    }

    private void Remove(int from, int to)
    {
        _text.Remove(from, to - from);
        Cursor = from;
    }

    // Characters beyond the first 65,536 take two places.
    private int Previous() => Cursor > 1 && char.IsSurrogatePair(_text[Cursor - 2], _text[Cursor - 1]) ? Cursor - 2 : Math.Max(Cursor - 1, 0);

    private int Next() => Cursor + 1 < _text.Length && char.IsSurrogatePair(_text[Cursor], _text[Cursor + 1]) ? Cursor + 2 : Math.Min(Cursor + 1, _text.Length);

    private int StartOfWord()
    {
        int start = Cursor;
        while (start > 0 && _text[start - 1] == ' ')
        {
            start--;
        }

        while (start > 0 && _text[start - 1] != ' ')
        {
            start--;
        }

        return start;
    }
}
