using System.Collections.Immutable;

namespace Moiety.Inference.Plans;

/// <summary>
/// Which keys a token sees. The restrictions combine: a key must pass all of them. A token always sees itself. Indices of
/// keys are indices in the sequence (cached tokens first), so that a plan means the same however a prompt is cut into steps.
/// </summary>
public sealed record Visibility
{
    /// <summary>Every token sees itself and all before it.</summary>
    public static Visibility Causal { get; } = new();

    /// <summary>Every token sees the cached tokens and the whole slice: encoders, diffusion.</summary>
    public static Visibility Full { get; } = new() { Bidirectional = true };

    /// <summary>Whether tokens see later tokens of the same slice.</summary>
    public bool Bidirectional { get; init; }

    /// <summary>When set, a token at index i sees no key at or before i - Window (and, bidirectional, none from i + Window on).</summary>
    public int? Window { get; init; }

    /// <summary>
    /// Blocks that do not see the others of their set. Tokens outside all blocks see every block
    /// (Set-Based Prompting, arXiv 2406.06581). Blocks must not overlap.
    /// </summary>
    public ImmutableArray<KeyBlock> Blocks { get; init; } = [];

    /// <summary>
    /// Parents of the tokens of a tree of drafts: entry i belongs to the token at index <see cref="TreeStart"/> + i and is
    /// the parent's entry, smaller than i, or -1 for a child of the token before the tree. A token of the tree sees
    /// everything before the tree, its ancestors and itself (SpecInfer, arXiv 2305.09781).
    /// </summary>
    public ImmutableArray<int> Parents { get; init; } = [];

    /// <summary>Index in the sequence of the tree's first token, or null for the slice's first.</summary>
    public int? TreeStart { get; init; }

    /// <summary>Causal, but only the last <paramref name="window"/> tokens, itself included.</summary>
    public static Visibility Sliding(int window) => new() { Window = window };

    /// <summary>Causal, but blocks of one set do not see each other.</summary>
    public static Visibility BlockSet(params ReadOnlySpan<KeyBlock> blocks) => new() { Blocks = [.. blocks] };

    /// <summary>Only ancestors, and everything before the tree.</summary>
    /// <param name="parents">See <see cref="Parents"/>.</param>
    /// <param name="start">See <see cref="TreeStart"/>.</param>
    public static Visibility Tree(ReadOnlySpan<int> parents, int? start = null) => new() { Parents = [.. parents], TreeStart = start };
}
