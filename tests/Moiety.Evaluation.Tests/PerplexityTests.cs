using CsCheck;
using Moiety.Evaluation.Perplexity;
using Moiety.Evaluation.Scoring;
using Moiety.Inference;
using Moiety.Models;
using Moiety.Models.Tokenizers;

namespace Moiety.Evaluation.Tests;

/// <summary>Every token but the first is scored once, with as much context as the stride promises.</summary>
public sealed class PerplexityTests : IDisposable
{
    private readonly ByteLevelBpeTokenizer _tokenizer = BpeTrainer.Train(["Mia has a red kite. Tom has a blue kite."], new BpeTrainerOptions { VocabularySize = 280 });
    private readonly RandomCheckpoint _checkpoint;
    private readonly Engine _engine;

    public PerplexityTests()
    {
        _checkpoint = new RandomCheckpoint(SmallModels.Dense with { VocabularySize = _tokenizer.VocabularySize }, seed: 3);
        _engine = Engine.Open(_checkpoint);
    }

    [Fact]
    public void Windows_score_every_token_but_the_first_once_and_with_the_promised_context() =>
        Gen.Select(Gen.Int[0, 200], Gen.Int[2, 50], Gen.Int[1, 49]).Where(one => one.Item3 < one.Item2).Sample((length, window, stride) =>
        {
            PerplexityEvaluator evaluator = new(_engine, _tokenizer, new PerplexityOptions { Window = window, Stride = stride });
            int[] tokens = [.. Enumerable.Range(1000, length)];
            List<int> scored = [];
            foreach (ScoredSequence part in evaluator.Windows(tokens))
            {
                Assert.InRange(part.Tokens.Length, 2, window);
                int start = part.Tokens.Span[0] - 1000;
                Assert.True(start == 0 || part.First >= window - stride);
                scored.AddRange(part.Tokens.Span[part.First..]);
            }

            Assert.Equal(tokens.Skip(1), scored);
        });

    [Fact]
    public void A_model_that_knows_nothing_has_the_perplexity_of_a_fair_die()
    {
        // A head of zeros gives every token the same probability.
        using RandomCheckpoint flat = new(SmallModels.Dense with { VocabularySize = _tokenizer.VocabularySize }, seed: 3);
        flat.SetTensor(Models.Configuration.TensorNames.Head, flat.Config.VocabularySize, flat.Config.HiddenSize, new float[flat.Config.VocabularySize * flat.Config.HiddenSize]);
        using Engine engine = Engine.Open(flat);
        string[] documents = ["Mia has a kite.", string.Concat(Enumerable.Repeat("Tom has a kite. ", 100))];
        PerplexityResult result = new PerplexityEvaluator(engine, _tokenizer).Evaluate(documents);
        Assert.Equal(_tokenizer.VocabularySize, result.Perplexity, 1e-2);
        Assert.Equal(0, result.LossStandardError, 1e-3);
        Assert.Equal(2, result.Documents);

        // The tokenizer puts a token before each text, so that all its bytes are scored.
        Assert.Equal(documents.Sum(document => document.Length), result.Bytes);
        Assert.Equal(documents.Sum(document => _tokenizer.Encode(document).Length - 1), result.Tokens);
        Assert.Equal(result.Tokens * Math.Log2(_tokenizer.VocabularySize) / result.Bytes, result.BitsPerByte, 1e-4);
    }

    [Fact]
    public void A_window_that_does_not_fit_and_a_text_of_nothing_are_refused()
    {
        Assert.Throws<InvalidInputException>(() => new PerplexityEvaluator(_engine, _tokenizer, new PerplexityOptions { Window = 1 }));
        Assert.Throws<InvalidInputException>(() => new PerplexityEvaluator(_engine, _tokenizer, new PerplexityOptions { Window = 100_000 }));
        Assert.Throws<InvalidInputException>(() => new PerplexityEvaluator(_engine, _tokenizer, new PerplexityOptions { Window = 8, Stride = 8 }));
        Assert.Throws<InvalidInputException>(() => new PerplexityEvaluator(_engine, _tokenizer).Evaluate([""]));
    }

    public void Dispose()
    {
        _engine.Dispose();
        _checkpoint.Dispose();
    }
}
