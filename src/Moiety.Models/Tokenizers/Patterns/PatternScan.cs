using System.Buffers;

namespace Moiety.Models.Tokenizers.Patterns;

/// <summary>
/// The matches of a pattern in one text, from left to right. A match that begins where the last one ended must not be empty.
/// </summary>
internal ref struct PatternScan
{
    // An attempt that reads this many bytes beyond its match may do so again and again: from then on dead ends are remembered.
    private const int Overshoot = 256;

    // One place in so many bytes is remembered.
    private const int BlockBits = 5;

    private readonly Pattern _pattern;
    private readonly ReadOnlySpan<byte> _text;
    private readonly PatternAutomaton _automaton;
    private int _start;
    private PatternAutomaton.Table _table;
    private byte[]? _lookaheads;
    private HashSet<long>? _deadEnds;
    private List<long>? _path;
    private int _restarts;
    private int _from;
    private int _lastEnd;

    /// <summary>Begins at the start of a text.</summary>
    public PatternScan(Pattern pattern, ReadOnlySpan<byte> text)
    {
        _pattern = pattern;
        _text = text;
        _automaton = pattern.Automaton;
        _table = _automaton.Current;
        _start = _automaton.Start(ref _table, _automaton.Alphabet.Count);
        _lastEnd = -1;
        if (pattern.HasLookaheads)
        {
            _lookaheads = ArrayPool<byte>.Shared.Rent(text.Length + 1);
            pattern.LookAhead(text, _lookaheads.AsSpan(0, text.Length + 1));
        }
    }

    /// <summary>Finds the next match.</summary>
    /// <exception cref="InvalidInputException">The pattern is too complex for the text.</exception>
    public bool TryNext(out int start, out int end)
    {
        for (start = _from; start <= _text.Length;)
        {
            end = Match(start);
            if (end > start || (end == start && end != _lastEnd))
            {
                _lastEnd = end;
                _from = end;
                return true;
            }

            int length = 1;
            if (start < _text.Length)
            {
                _automaton.Alphabet.At(_text, start, out length);
            }

            start += length;
        }

        _from = start;
        end = 0;
        return false;
    }

    /// <summary>Returns the memory.</summary>
    public void Dispose()
    {
        if (_lookaheads is { } rented)
        {
            _lookaheads = null;
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    // The end of the match that begins at a place, or -1.
    private int Match(int start)
    {
        if (_deadEnds is not null || _lookaheads is not null || _automaton.LooksBehind)
        {
            return MatchCarefully(start);
        }

        PatternAutomaton.Table table = _table;
        ReadOnlySpan<int> entries = table.Entries;
        ReadOnlySpan<byte> ascii = _automaton.Alphabet.Ascii;
        ReadOnlySpan<byte> text = _text;
        int state = _start;
        int end = -1;
        int at = start;
        while (true)
        {
            int length = 1;
            int symbol;
            if (at < text.Length)
            {
                byte value = text[at];
                symbol = value < ascii.Length ? ascii[value] : _automaton.Alphabet.At(text, at, out length);
            }
            else
            {
                symbol = _automaton.Alphabet.Count;
            }

            int entry = entries[state + symbol];
            if (entry < 0)
            {
                entry = Advance(ref table, state, symbol);
                entries = table.Entries;
            }

            if ((entry & 1) != 0)
            {
                end = at;
            }

            state = entry >> 1;
            if (state == PatternAutomaton.Dead)
            {
                break;
            }

            at += length;
        }

        if (at - Math.Max(start, end) > Overshoot)
        {
            RememberDeadEnds();
            return MatchCarefully(start);
        }

        return end;
    }

    private int MatchCarefully(int start)
    {
        PatternAutomaton.Table table = _table;
        int state = StartAt(ref table, start);
        int end = -1;
        int block = -1;
        int at = start;
        _path?.Clear();
        while (true)
        {
            int length = 0;
            int symbol = at < _text.Length ? _automaton.Alphabet.At(_text, at, out length) : _automaton.Alphabet.Count;
            symbol = _lookaheads is { } bits ? _automaton.Symbol(symbol, bits[at]) : symbol;
            if (_deadEnds is { } deadEnds && at >> BlockBits != block)
            {
                block = at >> BlockBits;
                long place = ((long)at << 32) | (uint)state;
                if (deadEnds.Contains(place))
                {
                    break;
                }

                _path!.Add(place);
            }

            int entry = table.Entries[state + symbol];
            entry = entry < 0 ? Advance(ref table, state, symbol) : entry;
            if ((entry & 1) != 0)
            {
                end = at;
                _path?.Clear();
            }

            state = entry >> 1;
            if (state == PatternAutomaton.Dead)
            {
                break;
            }

            at += length;
        }

        if (_deadEnds is not null)
        {
            _deadEnds.UnionWith(_path!);
        }
        else if (at - Math.Max(start, end) > Overshoot)
        {
            RememberDeadEnds();
        }

        return end;
    }

    private void RememberDeadEnds()
    {
        _deadEnds = [];
        _path = [];
    }

    private int StartAt(ref PatternAutomaton.Table table, int start)
    {
        if (!_automaton.LooksBehind)
        {
            return _start;
        }

        int previous = _automaton.Alphabet.Count;
        if (start > 0)
        {
            System.Text.Rune.DecodeLastFromUtf8(_text[..start], out _, out int length);
            previous = _automaton.Alphabet.At(_text, start - length, out _);
        }

        int owner = table.Owner;
        int state = _automaton.Start(ref table, previous);
        if (table.Owner != owner)
        {
            ForgetStates();
        }

        _table = table;
        return state;
    }

    // States have new numbers now.
    private void ForgetStates()
    {
        _deadEnds?.Clear();
        _path?.Clear();
        if (++_restarts > Pattern.MostRestarts)
        {
            throw _pattern.TooComplex();
        }
    }

    private int Advance(ref PatternAutomaton.Table table, int state, int symbol)
    {
        int owner = table.Owner;
        int entry = _automaton.Advance(ref table, state, symbol);
        if (table.Owner != owner)
        {
            ForgetStates();
            _start = _automaton.Start(ref table, _automaton.Alphabet.Count);
        }

        _table = table;
        return entry;
    }
}
