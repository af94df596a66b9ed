using Moiety.Data;
using Moiety.Models.Tokenizers;

namespace Moiety.Parity.Tests.Models;

/// <summary>Byte-level tokenizers of a wanted size, trained on the story world.</summary>
public static class StoryTokenizer
{
    private static readonly Lazy<string[]> Corpus = new(() =>
        [.. new StoryWorldGenerator(new StoryWorldOptions { Seed = 1, Documents = 100, Threads = 1 }).Generate().Select(document => document.Text)]);

    /// <summary>Some documents.</summary>
    public static IReadOnlyList<string> Documents => Corpus.Value;

    /// <summary>Trains one.</summary>
    public static ByteLevelBpeTokenizer Train(int vocabularySize)
    {
        ByteLevelBpeTokenizer tokenizer = BpeTrainer.Train(Documents, new BpeTrainerOptions { VocabularySize = vocabularySize });
        Assert.Equal(vocabularySize, tokenizer.VocabularySize);
        return tokenizer;
    }
}
