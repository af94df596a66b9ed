using CsCheck;
using Moiety.Decoding.Processors;
using Moiety.Decoding.Samplers;
using Moiety.Decoding.Strategies;

namespace Moiety.Decoding.Tests.Processors;

/// <summary>Mirostat keeps the surprise near its target, and what it has learned belongs to the text alone.</summary>
public class MirostatTests(RandomModelFixture model) : IClassFixture<RandomModelFixture>
{
    [Theory]
    [InlineData(1, 2)]
    [InlineData(1, 4)]
    [InlineData(2, 2)]
    [InlineData(2, 4)]
    public void The_mean_surprise_is_the_target(int version, double target)
    {
        // A Zipf distribution of exponent 1.1 over 5000 tokens: 8.0 bits without a cut.
        float[] logits = [.. Enumerable.Range(1, 5000).Select(rank => (float)(-1.1 * Math.Log(rank)))];
        GenerationOptions options = new() { Processors = [new Mirostat(version, target, 0.1)], Sampler = new MultinomialSampler(3) };
        TokenChoice choice = new(options, [], 0, 0);
        double[] surprises = new double[4000];
        List<int> tokens = [];
        double[] memory = [0];
        Mirostat twin = new(version, target, 0.1);
        for (int step = 0; step < surprises.Length; step++)
        {
            int token = choice.Choose([.. tokens], logits);
            float[] cut = [.. logits];
            twin.Process(new DecodingState([], 0) { Memory = memory }, cut);
            surprises[step] = -Math.Log2(HuggingFaceReference.Softmax(cut)[token]);
            memory[0] -= 0.1 * (surprises[step] - target);
            tokens.Add(token);
        }

        Assert.InRange(surprises.Skip(200).Average(), target - 0.1, target + 0.1);
    }

    [Fact]
    public void Version_2_keeps_tokens_of_at_most_mu_bits_and_the_likeliest() =>
        Gen.Select(Gen.Float[-8, 8].Array[1, 200], Gen.Double[-1, 12]).Sample((logits, mu) =>
        {
            double[] p = HuggingFaceReference.Softmax(logits);
            bool isSplit = logits.Any(logit => logit < logits.Max() && logits.Max() - (double)logit < 1e-9);
            if (!isSplit && !p.Any(x => Math.Abs(-Math.Log2(x) - mu) < 1e-9))
            {
                float[] result = [.. logits];
                new Mirostat(2, 3, 0.1).Process(new DecodingState([], 0) { Memory = new[] { mu - 6 } }, result);
                Assert.Equal(Enumerable.Range(0, p.Length).Where(id => -Math.Log2(p[id]) <= mu || logits[id] == logits.Max()), Enumerable.Range(0, p.Length).Where(id => float.IsFinite(result[id])));
            }
        });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_text_is_the_same_alone_and_in_any_batch(int version)
    {
        GenerationOptions options = new() { MaxTokens = 40, Processors = [new Mirostat(version, 3, 0.3), new Xtc(0.5, 0.05, 9)], Sampler = new MultinomialSampler(9), StopTokens = [] };
        GenerationRequest[] requests = [.. Enumerable.Range(0, 5).Select(stream => new GenerationRequest(RandomModelFixture.Prompt(3 + (stream * 4)), stream))];
        IReadOnlyList<GenerationResult> together = model.Generator.Generate(requests, options);
        foreach ((GenerationRequest request, GenerationResult result) in requests.Zip(together))
        {
            Assert.Equal(model.Generator.Generate([request], options)[0].Tokens, result.Tokens);
        }
    }

    [Fact]
    public void A_fork_goes_on_from_what_was_learned_and_leaves_the_original_alone()
    {
        float[] logits = [.. Enumerable.Range(1, 500).Select(rank => (float)-Math.Log(rank))];
        GenerationOptions options = new() { Processors = [new Mirostat(2, 2, 0.5)], Sampler = new MultinomialSampler(4) };
        int[] Draw(TokenChoice choice, int from, int count)
        {
            int[] tokens = new int[from + count];
            return [.. Enumerable.Range(from, count).Select(step => choice.Choose(tokens.AsSpan(0, step), logits))];
        }

        TokenChoice whole = new(options, [], 0, 0);
        int[] expected = Draw(whole, 0, 60);
        TokenChoice parent = new(options, [], 0, 0);
        Assert.Equal(expected[..30], Draw(parent, 0, 30));
        TokenChoice child = parent.Fork(0);
        Assert.Equal(expected[30..], Draw(child, 30, 30));
        Assert.Equal(expected[30..], Draw(parent, 30, 30));
        Assert.NotEqual(expected[30..], Draw(new TokenChoice(options, [], 0, 0), 30, 30));
    }
}
