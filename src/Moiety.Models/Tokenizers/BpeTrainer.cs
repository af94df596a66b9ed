using System.Buffers;
using System.Text;
using Moiety.Models.Tokenizers.PreTokenizers;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// Trains a byte-level byte-pair tokenizer on a corpus: counts its words, then merges the most frequent pair of neighbors again and
/// again (Sennrich et al., arXiv 1508.07909). The same documents in the same order give the same tokenizer on any machine.
/// </summary>
public static class BpeTrainer
{
    private const int DocumentsPerReport = 1024;

    /// <summary>Trains a tokenizer. The ids are: special tokens, the 256 bytes in the order of GPT-2's alphabet, merges.</summary>
    /// <param name="documents">The corpus; each document is read once. Words do not cross documents.</param>
    /// <param name="options">What to aim at.</param>
    /// <param name="progress">Told now and then how far it is.</param>
    /// <param name="cancellationToken">Stops the training.</param>
    /// <returns>A tokenizer of <see cref="BpeTrainerOptions.VocabularySize"/> tokens, or of fewer when the corpus has no more pairs.</returns>
    /// <exception cref="InvalidInputException">The vocabulary is too small or too large, or a special token is empty or given twice.</exception>
    public static ByteLevelBpeTokenizer Train(
        IEnumerable<string> documents,
        BpeTrainerOptions options,
        IProgress<BpeTrainerProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(documents);
        ArgumentNullException.ThrowIfNull(options);
        Validate(options);
        ByteStringTable words = new();
        List<long> counts = [];
        BpeTrainerProgress state = new(0, 0, 0, 0, options.VocabularySize);
        foreach (string document in documents)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long bytes = CountWords(document, options.PreTokenizer, words, counts);
            state = state with { Documents = state.Documents + 1, Bytes = state.Bytes + bytes, Words = words.Count };
            if (state.Documents % DocumentsPerReport == 0)
            {
                progress?.Report(state);
            }
        }

        byte[] alphabet = ByteAlphabet.BytesInOrder;
        List<byte[]> tokens = [.. options.SpecialTokens.Select(Encoding.UTF8.GetBytes), .. alphabet.Select(b => new[] { b })];
        int[] byteIds = new int[256];
        for (int i = 0; i < 256; i++)
        {
            byteIds[alphabet[i]] = options.SpecialTokens.Length + i;
        }

        BpeMerge[] merges = new MergeLearner(words, counts, byteIds).Learn(
            tokens, options.SpecialTokens.Length, options, new Report(progress, state), cancellationToken);
        return Assemble(tokens, merges, options);
    }

    private static long CountWords(string document, PreTokenizer preTokenizer, ByteStringTable words, List<long> counts)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(document.Length));
        int length = Encoding.UTF8.GetBytes(document, rented);
        WordList cut = new(rented.AsSpan(0, length), first: true);
        preTokenizer.Apply(ref cut);
        for (int i = 0; i < cut.Count; i++)
        {
            int word = words.GetOrAdd(cut[i]);
            if (word == counts.Count)
            {
                counts.Add(0);
            }

            counts[word]++;
        }

        cut.Dispose();
        ArrayPool<byte>.Shared.Return(rented);
        return length;
    }

    private static ByteLevelBpeTokenizer Assemble(List<byte[]> tokens, BpeMerge[] merges, BpeTrainerOptions options)
    {
        int special = options.SpecialTokens.Length;
        string[] pieces = [.. options.SpecialTokens, .. tokens.Skip(special).Select(token => ByteAlphabet.Spell(token))];
        return new ByteLevelBpeTokenizer(pieces, merges, new ByteLevelBpeOptions
        {
            PreTokenizers = [options.PreTokenizer],
            AddedTokens = [.. options.SpecialTokens.Select((content, id) => new AddedToken { Id = id, Content = content, Special = true })],
            BosTokenId = special > 0 ? 0 : null,
            EosTokenIds = special > 0 ? [0] : [],
            Prefix = special > 0 ? [0] : [],
        });
    }

    private static void Validate(BpeTrainerOptions options)
    {
        int smallest = options.SpecialTokens.Length + 256;
        if (options.VocabularySize < smallest || options.VocabularySize > VocabularyTokenizer.LargestVocabulary)
        {
            throw new InvalidInputException(
                $"A vocabulary of {options.VocabularySize} tokens cannot be trained: the 256 bytes and {options.SpecialTokens.Length} special "
                + $"tokens already need {smallest}, and more than {VocabularyTokenizer.LargestVocabulary} are not supported.");
        }

        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (string token in options.SpecialTokens)
        {
            if (string.IsNullOrEmpty(token) || !seen.Add(token))
            {
                throw new InvalidInputException($"The special token \"{token}\" is empty or given twice.");
            }
        }
    }

    /// <summary>Reports the growth of the vocabulary on top of what was read.</summary>
    internal readonly struct Report(IProgress<BpeTrainerProgress>? progress, BpeTrainerProgress read)
    {
        /// <summary>Tells how many tokens there are.</summary>
        public void Tokens(int count) => progress?.Report(read with { Tokens = count });
    }
}
