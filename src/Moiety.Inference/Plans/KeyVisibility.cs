using System.Collections.Immutable;

namespace Moiety.Inference.Plans;

/// <summary>Which keys the tokens of one slice see: a range for each token, and holes in it where a plan has blocks or a tree.</summary>
internal readonly struct KeyVisibility
{
    private readonly Visibility _visibility;
    private readonly bool _bidirectional;
    private readonly int _total;
    private readonly int _treeStart;

    /// <param name="visibility">The plan's.</param>
    /// <param name="bidirectional">Whether tokens of the model see later ones of the slice whatever the plan says: encoders.</param>
    /// <param name="cached">Tokens before the slice.</param>
    /// <param name="count">Tokens of the slice.</param>
    public KeyVisibility(Visibility visibility, bool bidirectional, int cached, int count)
    {
        _visibility = visibility;
        _bidirectional = bidirectional || visibility.Bidirectional;
        _total = cached + count;
        _treeStart = visibility.TreeStart ?? cached;
    }

    /// <summary>
    /// Sliding window of the layer, or 0. It counts tokens as they follow each other: along the branches of a tree, so that a draft
    /// sees what it would see as plain text.
    /// </summary>
    public int LayerWindow { get; init; }

    /// <summary>Whether <see cref="Hide"/> has anything to do.</summary>
    public bool HasHoles => !_visibility.Blocks.IsEmpty || !_visibility.Parents.IsEmpty;

    /// <summary>How many tokens come before a token: its index in the sequence, in a tree the tokens before it plus its depth.</summary>
    /// <param name="query">Index of the token in the sequence.</param>
    public int Position(int query)
    {
        ImmutableArray<int> parents = _visibility.Parents;
        int node = query - _treeStart;
        if (node < 0 || node >= parents.Length)
        {
            return query;
        }

        int depth = 0;
        while ((node = parents[node]) >= 0)
        {
            depth++;
        }

        return _treeStart + depth;
    }

    /// <summary>First key that a token sees.</summary>
    /// <param name="query">Index of the token in the sequence.</param>
    public int Start(int query)
    {
        int start = _visibility.Window is { } window ? Math.Max(0, query - window + 1) : 0;

        // No key's position is beyond its index.
        return LayerWindow > 0 ? Math.Max(start, Position(query) - LayerWindow + 1) : start;
    }

    /// <summary>The key after the last one that a token sees.</summary>
    /// <param name="query">Index of the token in the sequence.</param>
    public int End(int query)
    {
        if (!_bidirectional)
        {
            return query + 1;
        }

        int window = Math.Min(_visibility.Window ?? int.MaxValue, LayerWindow > 0 ? LayerWindow : int.MaxValue);
        return (int)Math.Min(_total, (long)query + window);
    }

    /// <summary>Sets the scores of keys inside the token's range that it does not see to negative infinity.</summary>
    /// <param name="query">Index of the token in the sequence.</param>
    /// <param name="scores">Scores by index of the key in the sequence, up to the end of the range.</param>
    public void Hide(int query, Span<float> scores)
    {
        HideOtherBlocks(query, scores);
        HideOtherBranches(query, scores);
    }

    private void HideOtherBlocks(int query, Span<float> scores)
    {
        ImmutableArray<KeyBlock> blocks = _visibility.Blocks;
        int own = -1;
        for (int index = 0; index < blocks.Length && own < 0; index++)
        {
            own = query >= blocks[index].Start && query < blocks[index].End ? index : -1;
        }

        for (int index = 0; own >= 0 && index < blocks.Length; index++)
        {
            if (index != own && blocks[index].Set == blocks[own].Set)
            {
                Fill(scores, blocks[index].Start, blocks[index].End);
            }
        }
    }

    private void HideOtherBranches(int query, Span<float> scores)
    {
        ImmutableArray<int> parents = _visibility.Parents;
        int node = query - _treeStart;
        if (node < 0 || node >= parents.Length)
        {
            return;
        }

        Fill(scores, query + 1, scores.Length);
        int distance = 0;
        while (node >= 0)
        {
            int parent = parents[node];
            Fill(scores, _treeStart + parent + 1, _treeStart + node);
            if (LayerWindow > 0 && distance >= LayerWindow)
            {
                Fill(scores, _treeStart + node, _treeStart + node + 1);
            }

            node = parent;
            distance++;
        }
    }

    private static void Fill(Span<float> scores, int start, int end)
    {
        end = Math.Min(end, scores.Length);
        if (start < end)
        {
            scores[start..end].Fill(float.NegativeInfinity);
        }
    }
}
