using System.Collections.Immutable;
using System.Text;

namespace Moiety.Models.Tokenizers.Patterns;

/// <summary>
/// A regular expression over UTF-8 in the dialect that tokenizers are published with, which finds what a backtracking matcher would
/// find, in time linear in the text whatever the expression is.
/// </summary>
internal sealed class Pattern
{
    /// <summary>So often may an automaton outgrow its table in one text.</summary>
    public const int MostRestarts = 16;

    private readonly ImmutableArray<PatternAutomaton> _lookaheads;

    private Pattern(string text, PatternProgram program)
    {
        Text = text;
        Automaton = new PatternAutomaton(program, everywhere: false);
        _lookaheads = [.. program.Lookaheads.Select(static ahead =>
            new PatternAutomaton(PatternProgram.Compile(ahead.Item.Reversed()), everywhere: true))];
    }

    /// <summary>The expression as it is written.</summary>
    public string Text { get; }

    /// <summary>The automaton of the expression.</summary>
    public PatternAutomaton Automaton { get; }

    /// <summary>Whether there are lookaheads of more than one character.</summary>
    public bool HasLookaheads => !_lookaheads.IsEmpty;

    /// <summary>Compiles an expression.</summary>
    /// <exception cref="PatternException">It is malformed or not supported; the message says what.</exception>
    public static Pattern Parse(string text) => new(text, PatternProgram.Compile(PatternParser.Parse(text)));

    /// <summary>An expression that matches a text as it is.</summary>
    public static Pattern Literal(string text) => new(
        Escape(text),
        PatternProgram.Compile(new PatternNode.Sequence(
            [.. text.EnumerateRunes().Select(static rune => new PatternNode.Character(CharacterSet.Range(rune.Value, rune.Value)))])));

    /// <summary>An expression that matches a run of characters of a set.</summary>
    /// <param name="set">The set.</param>
    /// <param name="longest">Most characters in a run.</param>
    public static Pattern Run(CharacterSet set, int? longest = null) =>
        new("a set of characters", PatternProgram.Compile(new PatternNode.Repeat(new PatternNode.Character(set), 1, longest, Lazy: false)));

    /// <summary>Finds all matches in a text, one after the other.</summary>
    public PatternScan Scan(ReadOnlySpan<byte> text) => new(this, text);

    /// <summary>
    /// For each place in a text the lookaheads that hold there, as bits: each is run over the text from its end, and has matched wherever
    /// it reaches its own beginning.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="holds">One more than the text has bytes.</param>
    public void LookAhead(ReadOnlySpan<byte> text, Span<byte> holds)
    {
        holds.Clear();
        for (int i = 0; i < _lookaheads.Length; i++)
        {
            PatternAutomaton automaton = _lookaheads[i];
            PatternAutomaton.Table table = automaton.Current;
            int owner = table.Owner;
            int state = automaton.Start(ref table, automaton.Alphabet.Count);
            int at = text.Length;
            while (true)
            {
                int length = 0;
                int symbol = automaton.Alphabet.Count;
                if (at > 0)
                {
                    Rune.DecodeLastFromUtf8(text[..at], out _, out length);
                    symbol = automaton.Alphabet.At(text, at - length, out _);
                }

                int entry = table.Entries[state + symbol];
                entry = entry == PatternAutomaton.Table.Unknown ? automaton.Advance(ref table, state, symbol) : entry;
                if (table.Owner - owner > MostRestarts)
                {
                    throw TooComplex();
                }

                holds[at] |= (byte)((entry & 1) << i);
                if (at == 0)
                {
                    break;
                }

                state = entry >> 1;
                at -= length;
            }
        }
    }

    /// <summary>The error of an automaton that outgrows its table again and again.</summary>
    public InvalidInputException TooComplex() => new($"The regular expression {Text} is too complex for this text.");

    private static string Escape(string text)
    {
        StringBuilder escaped = new();
        foreach (char c in text)
        {
            escaped.Append(@"\.+*?()|[]{}^$#&-~".Contains(c, StringComparison.Ordinal) ? "\\" : "").Append(c);
        }

        return escaped.ToString();
    }
}
