
namespace Moiety.Models.Tokenizers.Patterns;

/// <summary>
/// A program as a deterministic automaton, built while it runs: a state is the ordered list of threads that are alive, so that the
/// first alternative wins as in a backtracking matcher, but every character costs one look into a table. Whether an expression has
/// matched at a place is known only with the character after it, which is how a look at one neighbor costs nothing. Safe to share between
/// threads.
/// </summary>
internal sealed class PatternAutomaton
{
    /// <summary>The state from which nothing can match.</summary>
    public const int Dead = 0;

    private readonly PatternProgram _program;
    private readonly int[] _setNumbers;
    private readonly bool _everywhere;
    private readonly bool _looksBehind;
    private readonly Lock _gate = new();

    // Of one step at a time, which the lock sees to.
    private readonly int[] _seen;
    private readonly Stack<int> _pending = new();
    private readonly List<int> _taken = [];
    private int _step;
    private Table _current;

    /// <summary>Creates an automaton without states.</summary>
    /// <param name="program">The program.</param>
    /// <param name="everywhere">
    /// Whether matches may begin at every character, and all count; else they begin at the first one, and the first alternative counts.
    /// </param>
    public PatternAutomaton(PatternProgram program, bool everywhere)
    {
        _program = program;
        _everywhere = everywhere;
        _looksBehind = program.LooksBehind;
        _seen = new int[program.Instructions.Count];
        Alphabet = new PatternAlphabet(program.Instructions.Select(static instruction => instruction.Set).OfType<CharacterSet>());
        _setNumbers = [.. program.Instructions.Select(instruction => instruction.Set is { } set ? NumberOf(set) : -1)];
        Symbols = (Alphabet.Count + 1) << program.Lookaheads.Count;
        _current = Table.Empty(Symbols, owner: 0);
    }

    /// <summary>Classes of characters.</summary>
    public PatternAlphabet Alphabet { get; }

    /// <summary>Number of columns: a class or the end, times what holds of the lookaheads.</summary>
    public int Symbols { get; }

    /// <summary>The table as of now.</summary>
    public Table Current => Volatile.Read(ref _current);

    /// <summary>The column of a class, with the lookaheads that hold as bits.</summary>
    public int Symbol(int value, int lookaheads) => value + (lookaheads * (Alphabet.Count + 1));

    /// <summary>The first state when a character of a class, or the start of the text, comes before.</summary>
    public int Start(ref Table table, int previous)
    {
        if (!_looksBehind && table.First >= 0)
        {
            return table.First;
        }

        lock (_gate)
        {
            table = _current;
            return table.Find([0, _looksBehind ? previous : 0], out int state) ? state : AddState(ref table, [0, _looksBehind ? previous : 0]);
        }
    }

    /// <summary>Whether the state at the start depends on what comes before.</summary>
    public bool LooksBehind => _looksBehind;

    /// <summary>Fills an entry of the table in.</summary>
    /// <param name="table">The table that the state is of; another one on return when it had to grow.</param>
    /// <param name="state">The state.</param>
    /// <param name="symbol">What comes next.</param>
    /// <returns>The entry: twice the place of the row that follows, plus one when the expression has matched before the symbol.</returns>
    public int Advance(ref Table table, int state, int symbol)
    {
        lock (_gate)
        {
            int[] key = table.KeyOf(state / Symbols);
            if (table.Owner != _current.Owner)
            {
                table = _current;
                state = table.Find(key, out int known) ? known : AddState(ref table, key);
            }

            table = _current;
            bool matched = Step(key, symbol, out int[] next);
            int owner = table.Owner;
            int target = next.Length == 1 ? Dead : table.Find(next, out int found) ? found : AddState(ref table, next);
            int entry = (target << 1) | (matched ? 1 : 0);
            if (table.Owner == owner)
            {
                table.Set(state + symbol, entry);
            }

            return entry;
        }
    }

    private int AddState(ref Table table, int[] key)
    {
        table = table.With(key, out int state);
        Volatile.Write(ref _current, table);
        return state;
    }

    // Follows every thread up to the next character, then over it.
    private bool Step(int[] key, int symbol, out int[] next)
    {
        int classes = Alphabet.Count + 1;
        int value = symbol % classes;
        int lookaheads = symbol / classes;
        int previous = key[^1];
        bool matched = false;
        _taken.Clear();
        _step++;
        for (int i = 0; i < key.Length - 1 && !(matched && !_everywhere); i++)
        {
            _pending.Push(key[i]);
            while (_pending.TryPop(out int at))
            {
                if (_seen[at] == _step)
                {
                    continue;
                }

                _seen[at] = _step;
                PatternProgram.Instruction instruction = _program.Instructions[at];
                if (instruction.Operation == PatternProgram.Operation.Match)
                {
                    matched = true;
                    if (!_everywhere)
                    {
                        _pending.Clear();
                    }
                }
                else if (instruction.Operation == PatternProgram.Operation.Fork)
                {
                    _pending.Push(instruction.Other);
                    _pending.Push(instruction.Next);
                }
                else if (instruction.Operation == PatternProgram.Operation.Take)
                {
                    if (value < Alphabet.Count && Alphabet.IsIn(value, _setNumbers[at]))
                    {
                        _taken.Add(at + 1);
                    }
                }
                else if (Holds(instruction, at, value, previous, lookaheads))
                {
                    _pending.Push(at + 1);
                }
            }
        }

        if (_everywhere)
        {
            _taken.Add(0);
            _taken.Sort();
        }

        next = [.. _taken, _looksBehind ? value : 0];
        return matched;
    }

    private bool Holds(PatternProgram.Instruction instruction, int at, int next, int previous, int lookaheads)
    {
        if (instruction.Operation == PatternProgram.Operation.IfAhead)
        {
            return ((lookaheads >> instruction.Lookahead) & 1) == (instruction.Flag ? 1 : 0);
        }

        int value = instruction.Operation == PatternProgram.Operation.IfNext ? next : previous;
        return value == Alphabet.Count ? instruction.Flag : Alphabet.IsIn(value, _setNumbers[at]);
    }

    private int NumberOf(CharacterSet set)
    {
        int number = 0;
        while (!Alphabet.Sets[number].Same(set))
        {
            number++;
        }

        return number;
    }

    /// <summary>
    /// The states that are known, one row each. Entries are written while others read; a table is replaced when it grows, and begins
    /// anew, with another owner, when it would become too large.
    /// </summary>
    internal sealed class Table
    {
        /// <summary>An entry that is not known yet.</summary>
        public const int Unknown = -1;

        private const int FirstStates = 32;
        private const int MostStates = 4096;
        private const int MostThreads = 1 << 20;
        private readonly int _symbols;
        private readonly int[] _entries;
        private readonly List<int[]> _keys;
        private readonly Dictionary<int[], int> _numbers;
        private int _threads;

        private Table(int symbols, int[] entries, List<int[]> keys, Dictionary<int[], int> numbers, int threads, int first, int owner)
        {
            First = first;
            _symbols = symbols;
            _entries = entries;
            _keys = keys;
            _numbers = numbers;
            _threads = threads;
            Owner = owner;
        }

        /// <summary>Which numbering the states follow.</summary>
        public int Owner { get; }

        /// <summary>The state at the start when nothing before it matters, or -1 when it is not known yet.</summary>
        public int First { get; private set; }

        /// <summary>The entries, a row of symbols for each state; a state is the place of its row.</summary>
        public ReadOnlySpan<int> Entries => _entries;

        /// <summary>A table with the dead state only.</summary>
        public static Table Empty(int symbols, int owner)
        {
            int[] entries = new int[FirstStates * symbols];
            Array.Fill(entries, Unknown);
            Array.Clear(entries, 0, symbols);
            return new Table(symbols, entries, [[0]], new Dictionary<int[], int>(KeyComparer.Instance), threads: 0, first: -1, owner);
        }

        /// <summary>What a state is.</summary>
        public int[] KeyOf(int number) => _keys[number];

        /// <summary>Finds a state.</summary>
        public bool Find(int[] key, out int state) => _numbers.TryGetValue(key, out state);

        /// <summary>Writes an entry.</summary>
        public void Set(int place, int entry) => Volatile.Write(ref _entries[place], entry);

        /// <summary>The table with one more state.</summary>
        public Table With(int[] key, out int state)
        {
            state = _keys.Count * _symbols;
            if (_keys.Count == MostStates || _threads > MostThreads)
            {
                return Empty(_symbols, Owner + 1).With(key, out state);
            }

            if (state == _entries.Length)
            {
                int[] larger = new int[2 * _entries.Length];
                _entries.CopyTo(larger, 0);
                Array.Fill(larger, Unknown, _entries.Length, _entries.Length);
                return new Table(_symbols, larger, _keys, _numbers, _threads, First, Owner).With(key, out state);
            }

            _keys.Add(key);
            _numbers.Add(key, state);
            _threads += key.Length;
            First = key is [0, 0] ? state : First;
            return this;
        }
    }

    private sealed class KeyComparer : IEqualityComparer<int[]>
    {
        public static KeyComparer Instance { get; } = new();

        public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(int[] obj)
        {
            HashCode hash = default;
            foreach (int value in obj)
            {
                hash.Add(value);
            }

            return hash.ToHashCode();
        }
    }
}
