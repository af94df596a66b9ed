using System.Buffers;

namespace Moiety.Decoding.Processors;

/// <summary>A set of token ids for one pass over a text, over pooled memory: nothing is allocated per token.</summary>
internal readonly ref struct TokenSet
{
    private readonly ulong[] _words;

    /// <summary>An empty set of ids below the vocabulary size.</summary>
    public TokenSet(int vocabularySize)
    {
        int words = (vocabularySize + 63) / 64;
        _words = ArrayPool<ulong>.Shared.Rent(words);
        _words.AsSpan(0, words).Clear();
    }

    /// <summary>Adds an id; false where it was in the set already.</summary>
    public bool Add(int token)
    {
        ref ulong word = ref _words[token >> 6];
        ulong bit = 1UL << (token & 63);
        bool added = (word & bit) == 0;
        word |= bit;
        return added;
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => ArrayPool<ulong>.Shared.Return(_words);
}
