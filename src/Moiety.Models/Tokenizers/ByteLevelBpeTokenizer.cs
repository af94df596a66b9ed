using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Moiety.Models.Tokenizers.Decoders;
using Moiety.Models.Tokenizers.PreTokenizers;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// Byte-level byte-pair encoding (GPT-2, Llama 3, Qwen 2 and what <see cref="BpeTrainer"/> trains): a pre-tokenizer cuts the text into
/// words, and the bytes of each word are merged by rank. Every byte string has an encoding.
/// </summary>
public sealed class ByteLevelBpeTokenizer : VocabularyTokenizer
{
    private readonly ByteLevelBpeOptions _options;
    private readonly PreTokenizerSequence _preTokenizer;
    private readonly MergeTable _merges;
    private readonly int[] _byteIds = new int[256];
    private readonly ByteStringTable _words = new();
    private readonly List<int> _wordIds = [];
    private readonly WordTablePool _tables = new();

    /// <summary>Creates a tokenizer.</summary>
    /// <param name="pieces">
    /// How each id is spelled in GPT-2's printable alphabet of bytes, or null where an id is not in use. Added tokens are spelled as they are.
    /// </param>
    /// <param name="merges">Merges in the order of their rank.</param>
    /// <param name="options">The rest.</param>
    /// <exception cref="InvalidInputException">An id is outside of the vocabulary, or an added token is empty or too long.</exception>
    public ByteLevelBpeTokenizer(IReadOnlyList<string?> pieces, IReadOnlyList<BpeMerge> merges, ByteLevelBpeOptions options)
        : base(pieces, options, new ByteLevelDecoder())
    {
        _options = options;
        _preTokenizer = new PreTokenizerSequence(options.PreTokenizers);
        Merges = [.. merges];
        _merges = MergeTable.Ranked(merges, VocabularySize);
        Array.Fill(_byteIds, options.UnknownTokenId ?? -1);
        for (int id = 0; id < VocabularySize; id++)
        {
            ReadOnlySpan<byte> bytes = GetBytes(id);
            if (IsPiece(id) && !bytes.IsEmpty && _words.GetOrAdd(bytes) == _wordIds.Count)
            {
                _wordIds.Add(id);
            }
        }

        for (int value = 0; value < 256; value++)
        {
            int word = _words.Find([(byte)value]);
            _byteIds[value] = word >= 0 ? _wordIds[word] : _byteIds[value];
        }
    }

    /// <summary>Merges in the order of their rank.</summary>
    public ImmutableArray<BpeMerge> Merges { get; }

    /// <summary>Cut one after the other, each within the words of the one before.</summary>
    public ImmutableArray<PreTokenizer> PreTokenizers => _options.PreTokenizers;

    /// <summary>Whether a word that is a token as a whole is not merged from bytes.</summary>
    public bool IgnoreMerges => _options.IgnoreMerges;

    /// <summary>Whether a text that does not begin with a space gets one.</summary>
    public bool AddPrefixSpace => PreTokenizers.Any(static stage => stage is ByteLevelPreTokenizer { AddPrefixSpace: true });

    private protected override void EncodeSegment(ReadOnlySpan<byte> text, bool first, ref IdBuffer output)
    {
        WordTable table = _tables.Rent();
        WordList words = new(text, first);
        _preTokenizer.Apply(ref words);
        ReadOnlySpan<int> places = words.Places;
        for (int i = 0; i + 1 < places.Length; i += 2)
        {
            int start = places[i];
            int length = places[i + 1] - start;
            if (length > WordTable.LongestWord)
            {
                EncodeWord(words.Text.Slice(start, length), ref output);
            }
            else if (table.TryGet(words.Text, start, length, out WordTable.Key key, out ReadOnlySpan<int> known))
            {
                output.AddFew(in MemoryMarshal.GetReference(known), known.Length);
            }
            else
            {
                ReadOnlySpan<int> ids = EncodeWord(words.Text.Slice(start, length), ref output);
                if (ids.Length <= WordTable.MostIds)
                {
                    table.Add(key, ids);
                }
            }
        }

        words.Dispose();
        _tables.Return(table);
    }

    private ReadOnlySpan<int> EncodeWord(ReadOnlySpan<byte> word, ref IdBuffer output)
    {
        if (IgnoreMerges && _words.Find(word) is >= 0 and int whole)
        {
            output.Add(_wordIds[whole]);
            return output.Ids[^1..];
        }

        Span<int> symbols = output.Reserve(word.Length);
        int count = 0;
        foreach (byte value in word)
        {
            int id = _byteIds[value];
            if (id >= 0)
            {
                symbols[count++] = id;
            }
        }

        int left = BytePairMerger.Merge(symbols[..count], _merges);
        output.RemoveLast(word.Length - left);
        return symbols[..left];
    }
}
