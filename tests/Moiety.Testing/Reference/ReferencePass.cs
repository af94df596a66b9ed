namespace Moiety.Testing;

/// <summary>What a reference forward pass does differently, as plain predicates over token indices.</summary>
public sealed record ReferencePass
{
    /// <summary>Position of a token; its index when null.</summary>
    public Func<int, int>? Position { get; init; }

    /// <summary>Token type of a token; 0 when null.</summary>
    public Func<int, int>? TokenType { get; init; }

    /// <summary>How many tokens come before a token, which layers with a sliding window count; its index when null.</summary>
    public Func<int, int>? Order { get; init; }

    /// <summary>Longest sequence that is expected; the model's own context length when null.</summary>
    public int? ContextLength { get; init; }

    /// <summary>(query, key): whether the query token sees the key token; when null, causal, or everything in an encoder.</summary>
    public Func<int, int, bool>? Sees { get; init; }

    /// <summary>(layer, head, query, key, score): the score before the softmax; unchanged when null.</summary>
    public Func<int, int, int, int, double, double>? Score { get; init; }

    /// <summary>(layer, token): whether the token runs the layer's attention; always when null.</summary>
    public Func<int, int, bool>? Attends { get; init; }

    /// <summary>(layer, token): whether the token runs the layer's feed-forward; always when null.</summary>
    public Func<int, int, bool>? FeedsForward { get; init; }

    /// <summary>(layer, token): whether others see the token in the layer; always when null.</summary>
    public Func<int, int, bool>? HasKeyValue { get; init; }
}
