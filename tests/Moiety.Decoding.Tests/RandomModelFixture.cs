using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;

namespace Moiety.Decoding.Tests;

/// <summary>A small Mixture-of-Experts with random weights and a tokenizer of bytes and some merges: its text is wild, mostly not UTF-8.</summary>
public sealed class RandomModelFixture : IDisposable
{
    private readonly RandomCheckpoint _checkpoint;

    public RandomModelFixture()
    {
        Tokenizer = BpeTrainer.Train(
            ["Mia has a red kite. Tom has a blue kite. ÄÖÜ äöü 😀 😁 €", "Mia went to the market. Tom went to the lake."],
            new BpeTrainerOptions { VocabularySize = 300 });
        ModelConfig config = SmallModels.Pyramid with { VocabularySize = Tokenizer.VocabularySize, ContextLength = 1200 };
        _checkpoint = new RandomCheckpoint(config, seed: 5);
        Engine = Engine.Open(_checkpoint, new EngineOptions { Threads = 2, KeyValueFormat = KeyValueFormat.F32 });
        Generator = new TextGenerator(Engine, Tokenizer);
    }

    public Tokenizer Tokenizer { get; }

    public Engine Engine { get; }

    public TextGenerator Generator { get; }

    /// <summary>A prompt of some length in tokens, the same for the same number.</summary>
    public static string Prompt(int words) => string.Join(' ', Enumerable.Range(0, words).Select(word => (word * 7 % 5) switch
    {
        0 => "Mia",
        1 => "went to",
        2 => "the äöü",
        3 => "kite.",
        _ => "😀",
    }));

    public void Dispose()
    {
        Engine.Dispose();
        _checkpoint.Dispose();
    }
}
