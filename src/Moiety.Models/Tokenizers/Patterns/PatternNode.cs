using System.Collections.Immutable;

namespace Moiety.Models.Tokenizers.Patterns;

/// <summary>The syntax tree of a regular expression.</summary>
internal abstract record PatternNode
{
    /// <summary>The same expression for text that is read from its end.</summary>
    public abstract PatternNode Reversed();

    /// <summary>A text that is the same for expressions that were only written differently.</summary>
    public string Describe() => this switch
    {
        Character one => Describe(one.Set),
        Sequence sequence => $"({string.Join(' ', sequence.Items.Select(static item => item.Describe()))})",
        Choice choice => $"({string.Join('|', choice.Items.Select(static item => item.Describe()))})",
        Repeat repeat => $"{repeat.Item.Describe()}{{{repeat.Min},{repeat.Max}{(repeat.Lazy ? ",lazy" : "")}}}",
        Beside beside => $"({(beside.Behind ? "after" : "before")}{(beside.OrNone ? " none or " : " ")}{Describe(beside.Set)})",
        Ahead ahead => $"({(ahead.Negative ? "not " : "")}ahead {ahead.Item.Describe()})",
        _ => throw new InvalidOperationException($"{GetType().Name} is not known."),
    };

    private static string Describe(CharacterSet set) => $"[{string.Join(',', set.Borders)}]";

    /// <summary>One character of a set.</summary>
    internal sealed record Character(CharacterSet Set) : PatternNode
    {
        public override PatternNode Reversed() => this;
    }

    /// <summary>One after the other; nothing at all when empty.</summary>
    internal sealed record Sequence(ImmutableArray<PatternNode> Items) : PatternNode
    {
        public override PatternNode Reversed() => new Sequence([.. Items.Reverse().Select(item => item.Reversed())]);
    }

    /// <summary>The first of several that matches.</summary>
    internal sealed record Choice(ImmutableArray<PatternNode> Items) : PatternNode
    {
        public override PatternNode Reversed() => new Choice([.. Items.Select(item => item.Reversed())]);
    }

    /// <summary>Again and again.</summary>
    /// <param name="Item">What is repeated.</param>
    /// <param name="Min">Fewest times.</param>
    /// <param name="Max">Most times, or null.</param>
    /// <param name="Lazy">Whether fewer times are tried first.</param>
    internal sealed record Repeat(PatternNode Item, int Min, int? Max, bool Lazy) : PatternNode
    {
        public override PatternNode Reversed() => this with { Item = Item.Reversed() };
    }

    /// <summary>Whether the next (or previous) character is in a set, without taking it.</summary>
    /// <param name="Set">The characters that may be there.</param>
    /// <param name="OrNone">Whether the text may end (or begin) there.</param>
    /// <param name="Behind">Whether it is the character before.</param>
    internal sealed record Beside(CharacterSet Set, bool OrNone, bool Behind) : PatternNode
    {
        public override PatternNode Reversed() => this with { Behind = !Behind };
    }

    /// <summary>Whether an expression of more than one character matches from here on, without taking anything.</summary>
    /// <param name="Item">The expression.</param>
    /// <param name="Negative">Whether it must not match.</param>
    internal sealed record Ahead(PatternNode Item, bool Negative) : PatternNode
    {
        public override PatternNode Reversed() => throw new PatternException("a lookahead within a lookahead is not supported");
    }
}
