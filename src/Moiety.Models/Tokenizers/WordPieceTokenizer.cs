using System.Collections.Immutable;
using System.Text;
using Moiety.Models.Tokenizers.Decoders;
using Moiety.Models.Tokenizers.PreTokenizers;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// WordPiece (Schuster and Nakajima, 2012; BERT): a word is spelled by the longest piece that it begins with, then by the longest
/// continuing piece, and so on; a word that comes to no end this way is unknown as a whole.
/// </summary>
public sealed class WordPieceTokenizer : VocabularyTokenizer
{
    private readonly WordPieceOptions _options;
    private readonly PreTokenizerSequence _preTokenizer;
    private readonly ByteTrie _starting;
    private readonly ByteTrie _continuing;
    private readonly int _unknown;
    private readonly WordCache _cache = new();

    /// <summary>Creates a tokenizer.</summary>
    /// <param name="pieces">How each id is spelled, or null where an id is not in use.</param>
    /// <param name="options">The rest; the unknown token is needed.</param>
    /// <exception cref="InvalidInputException">There is no unknown token, or an id is outside of the vocabulary.</exception>
    public WordPieceTokenizer(IReadOnlyList<string?> pieces, WordPieceOptions options)
        : base(pieces, options, new WordPieceDecoder(options.ContinuingPrefix, cleansUp: true))
    {
        _options = options;
        _preTokenizer = new PreTokenizerSequence(options.PreTokenizers);
        _unknown = options.UnknownTokenId ?? throw new InvalidInputException("WordPiece needs an unknown token ([UNK]).");
        if (options.LongestWord < 1)
        {
            throw new InvalidInputException($"The longest word must have at least one character, not {options.LongestWord}.");
        }

        List<(byte[], int)> starting = [];
        List<(byte[], int)> continuing = [];
        for (int id = 0; id < VocabularySize; id++)
        {
            string piece = GetPiece(id);
            if (!IsPiece(id))
            {
                continue;
            }

            starting.Add((Encoding.UTF8.GetBytes(piece), id));
            if (piece.StartsWith(options.ContinuingPrefix, StringComparison.Ordinal) && piece.Length > options.ContinuingPrefix.Length)
            {
                continuing.Add((Encoding.UTF8.GetBytes(piece[options.ContinuingPrefix.Length..]), id));
            }
        }

        _starting = new ByteTrie(starting);
        _continuing = new ByteTrie(continuing);
    }

    /// <summary>Cut one after the other, each within the words of the one before.</summary>
    public ImmutableArray<PreTokenizer> PreTokenizers => _options.PreTokenizers;

    /// <summary>What marks a piece that continues a word.</summary>
    public string ContinuingPrefix => _options.ContinuingPrefix;

    /// <summary>A word of more characters is unknown.</summary>
    public int LongestWord => _options.LongestWord;

    private protected override void EncodeSegment(ReadOnlySpan<byte> text, bool first, ref IdBuffer output)
    {
        WordList words = new(text, first);
        _preTokenizer.Apply(ref words);
        for (int i = 0; i < words.Count; i++)
        {
            EncodeWord(words[i], ref output);
        }

        words.Dispose();
    }

    private void EncodeWord(ReadOnlySpan<byte> word, ref IdBuffer output)
    {
        if (_cache.TryGet(word, out ReadOnlySpan<int> cached))
        {
            output.Add(cached);
            return;
        }

        int before = output.Ids.Length;
        if (IsLong(word) || !TrySpell(word, ref output))
        {
            output.RemoveLast(output.Ids.Length - before);
            output.Add(_unknown);
        }

        _cache.Add(word, output.Ids[before..]);
    }

    private bool TrySpell(ReadOnlySpan<byte> word, ref IdBuffer output)
    {
        ByteTrie trie = _starting;
        while (!word.IsEmpty)
        {
            (int length, int id) = trie.Longest(word);
            if (length == 0)
            {
                return false;
            }

            output.Add(id);
            word = word[length..];
            trie = _continuing;
        }

        return true;
    }

    // Characters are the bytes that do not continue one.
    private bool IsLong(ReadOnlySpan<byte> word)
    {
        if (word.Length <= LongestWord)
        {
            return false;
        }

        int characters = 0;
        foreach (byte value in word)
        {
            characters += (value & 0xC0) == 0x80 ? 0 : 1;
        }

        return characters > LongestWord;
    }
}
