using System.Collections.Immutable;

namespace Moiety.Models.Tokenizers.Patterns;

/// <summary>A syntax tree as a program for a machine that follows several threads at once (Thompson; see Cox, swtch.com/~rsc/regexp).</summary>
internal sealed class PatternProgram
{
    /// <summary>Most instructions, which bounds the time that a character takes at worst; published patterns have up to about a thousand.</summary>
    public const int Longest = 3000;

    /// <summary>Most lookaheads of more than one character.</summary>
    public const int MostLookaheads = 3;

    private readonly List<Instruction> _instructions = [];
    private readonly List<PatternNode.Ahead> _lookaheads = [];

    private PatternProgram()
    {
    }

    /// <summary>What an instruction does.</summary>
    internal enum Operation
    {
        /// <summary>Takes a character of a set.</summary>
        Take,

        /// <summary>Goes on at two places, at <see cref="Instruction.Next"/> rather than at <see cref="Instruction.Other"/>.</summary>
        Fork,

        /// <summary>Goes on when the next character, or the end, is as demanded.</summary>
        IfNext,

        /// <summary>Goes on when the previous character, or the start, is as demanded.</summary>
        IfPrevious,

        /// <summary>Goes on when a lookahead that was computed before holds, or does not.</summary>
        IfAhead,

        /// <summary>The expression has matched.</summary>
        Match,
    }

    /// <summary>The instructions; the first one begins.</summary>
    public IReadOnlyList<Instruction> Instructions => _instructions;

    /// <summary>Lookaheads of more than one character.</summary>
    public IReadOnlyList<PatternNode.Ahead> Lookaheads => _lookaheads;

    /// <summary>Whether the previous character matters.</summary>
    public bool LooksBehind => _instructions.Any(static instruction => instruction.Operation == Operation.IfPrevious);

    /// <summary>Compiles a tree.</summary>
    /// <exception cref="PatternException">It becomes too long.</exception>
    public static PatternProgram Compile(PatternNode node)
    {
        PatternProgram program = new();
        program.Emit(node);
        program.Add(new Instruction(Operation.Match));
        return program;
    }

    private int Add(Instruction instruction)
    {
        if (_instructions.Count == Longest)
        {
            throw new PatternException($"it needs more than {Longest} steps; are repetitions nested?");
        }

        _instructions.Add(instruction);
        return _instructions.Count - 1;
    }

    private void Emit(PatternNode node)
    {
        switch (node)
        {
            case PatternNode.Character one:
                Add(new Instruction(Operation.Take, one.Set));
                break;
            case PatternNode.Beside beside:
                Add(new Instruction(beside.Behind ? Operation.IfPrevious : Operation.IfNext, beside.Set, beside.OrNone));
                break;
            case PatternNode.Ahead ahead:
                Add(new Instruction(Operation.IfAhead, Flag: !ahead.Negative, Lookahead: NumberOf(ahead)));
                break;
            case PatternNode.Sequence sequence:
                foreach (PatternNode item in sequence.Items)
                {
                    Emit(item);
                }

                break;
            case PatternNode.Choice choice:
                EmitChoice(choice.Items);
                break;
            case PatternNode.Repeat repeat:
                EmitRepeat(repeat);
                break;
        }
    }

    private int NumberOf(PatternNode.Ahead ahead)
    {
        int number = _lookaheads.IndexOf(ahead);
        if (number < 0)
        {
            number = _lookaheads.Count;
            _lookaheads.Add(number < MostLookaheads ? ahead : throw new PatternException($"it has more than {MostLookaheads} long lookaheads"));
        }

        return number;
    }

    private void EmitChoice(ImmutableArray<PatternNode> items)
    {
        List<int> ends = [];
        for (int i = 0; i < items.Length; i++)
        {
            int fork = i + 1 < items.Length ? Add(new Instruction(Operation.Fork)) : -1;
            Emit(items[i]);
            if (fork >= 0)
            {
                ends.Add(Add(new Instruction(Operation.Fork)));
                _instructions[fork] = new Instruction(Operation.Fork, Next: fork + 1, Other: _instructions.Count);
            }
        }

        foreach (int end in ends)
        {
            _instructions[end] = new Instruction(Operation.Fork, Next: _instructions.Count, Other: _instructions.Count);
        }
    }

    private void EmitRepeat(PatternNode.Repeat repeat)
    {
        int before = _instructions.Count;
        for (int i = 0; i < repeat.Min && (i == 0 || _instructions.Count > before); i++)
        {
            Emit(repeat.Item);
        }

        if (repeat.Max is not int max)
        {
            int loop = Add(new Instruction(Operation.Fork));
            Emit(repeat.Item);
            Add(new Instruction(Operation.Fork, Next: loop, Other: loop));
            _instructions[loop] = Branch(loop + 1, _instructions.Count, repeat.Lazy);
            return;
        }

        List<int> forks = [];
        for (int i = repeat.Min; i < max; i++)
        {
            forks.Add(Add(new Instruction(Operation.Fork)));
            Emit(repeat.Item);
        }

        foreach (int fork in forks)
        {
            _instructions[fork] = Branch(fork + 1, _instructions.Count, repeat.Lazy);
        }
    }

    private static Instruction Branch(int inside, int outside, bool lazy) =>
        new(Operation.Fork, Next: lazy ? outside : inside, Other: lazy ? inside : outside);

    /// <summary>One step of the program. All but forks go on at the next one.</summary>
    /// <param name="Operation">What it does.</param>
    /// <param name="Set">The characters that it takes or looks for.</param>
    /// <param name="Flag">Whether an end of the text counts too, or whether a lookahead must hold.</param>
    /// <param name="Next">Where a fork goes on.</param>
    /// <param name="Other">Where a fork goes on, too, but with less priority.</param>
    /// <param name="Lookahead">Number of the lookahead.</param>
    internal readonly record struct Instruction(
        Operation Operation, CharacterSet? Set = null, bool Flag = false, int Next = 0, int Other = 0, int Lookahead = 0);
}
