using System.Collections.Immutable;
using CsCheck;
using Moiety.Decoding.Processors;
using Moiety.Models;

namespace Moiety.Decoding.Tests.Processors;

/// <summary>What looks at the tokens so far: DRY, no-repeat-ngram, min-tokens and logit bias, against their definitions.</summary>
public class RepetitionTests(RandomModelFixture model) : IClassFixture<RandomModelFixture>
{
    private const int Vocabulary = 12;

    // Few tokens, so that passages repeat.
    private static readonly Gen<int[]> Tokens = Gen.OneOf(Gen.Int[0, 2].Array[0, 60], Gen.Int[0, Vocabulary - 1].Array[0, 60]);

    private static readonly Gen<int[][]> Breakers = Gen.Int[0, Vocabulary - 1].Array[1, 3].Array[0, 2];

    [Fact]
    public void Dry_subtracts_what_its_definition_says() =>
        Gen.Select(Tokens, Breakers, Gen.Int[1, 4], Gen.Int[0, 70], Gen.Double[1, 3]).Sample((tokens, breakers, allowed, range, growth) =>
        {
            Dry dry = new(0.8, growth, allowed, range, new SequenceBreakers(breakers.Select(breaker => breaker.ToImmutableArray())));
            double[] expected = DryReference(tokens, breakers, 0.8, growth, allowed, range);
            float[] actual = new float[Vocabulary];
            dry.Process(new DecodingState(tokens, 0), actual);
            for (int token = 0; token < Vocabulary; token++)
            {
                Assert.InRange(actual[token], -expected[token] * 1.000001, -expected[token] * 0.999999);
            }
        });

    [Fact]
    public void Dry_stays_finite_after_ten_thousand_repetitions()
    {
        float[] logits = [0, 0, -5];
        new Dry(0.8, 1.75, 2, 0, SequenceBreakers.None).Process(new DecodingState([.. Enumerable.Range(0, 10_000).Select(place => place % 2)], 0), logits);
        new Temperature(Temperature.Smallest).Process(new DecodingState([], 0), logits);
        Assert.All(logits, logit => Assert.True(float.IsFinite(logit)));
        Assert.Equal(0, logits[1]);
    }

    [Fact]
    public void A_breaker_is_found_in_every_way_that_tokens_spell_it()
    {
        SequenceBreakers breakers = SequenceBreakers.Of(model.Tokenizer, [" red kite"]);
        Assert.NotEmpty(breakers.Sequences);
        Assert.All(breakers.Sequences, sequence => Assert.Contains(" red kite", model.Tokenizer.Decode(sequence.AsSpan()), StringComparison.Ordinal));

        int[] text = model.Tokenizer.Encode("Mia has a red kite. Tom", addSpecialTokens: false);
        int after = breakers.CountAfter(text);
        Assert.InRange(after, 1, text.Length - 1);
        Assert.EndsWith(model.Tokenizer.Decode(text.AsSpan()[^after..]), ". Tom", StringComparison.Ordinal);
        Assert.Equal(3, breakers.CountAfter(text.AsSpan(0, 3)));
    }

    [Fact]
    public void No_repeat_ngram_forbids_what_would_repeat_as_in_Hugging_Face() =>
        Gen.Select(Tokens, Gen.Int[1, 5]).Sample((tokens, length) =>
        {
            // generated_ngrams[prefix] -> following tokens; banned: those of the current prefix.
            Dictionary<string, HashSet<int>> following = [];
            for (int start = 0; start + length <= tokens.Length; start++)
            {
                string key = string.Join(',', tokens[start..(start + length - 1)]);
                (following.TryGetValue(key, out HashSet<int>? set) ? set : following[key] = []).Add(tokens[start + length - 1]);
            }

            HashSet<int> banned = tokens.Length + 1 < length ? [] : following.GetValueOrDefault(string.Join(',', tokens[(tokens.Length - length + 1)..])) ?? [];
            float[] logits = new float[Vocabulary];
            new NoRepeatNgram(length).Process(new DecodingState(tokens, 0), logits);
            Assert.Equal(Enumerable.Range(0, Vocabulary).Select(token => banned.Contains(token) ? float.NegativeInfinity : 0), logits);
        });

    [Fact]
    public void A_text_does_not_end_before_the_least_number_of_tokens()
    {
        // Every token but one ends the text, so that it would end at once.
        GenerationOptions options = new() { MaxTokens = 9, StopTokens = [.. Enumerable.Range(0, model.Tokenizer.VocabularySize).Where(token => token != 40)] };
        Assert.Empty(model.Generator.Generate("Mia", options).Tokens);
        Assert.Equal(Enumerable.Repeat(40, 5), model.Generator.Generate("Mia", options with { Processors = [new MinTokens(5)] }).Tokens);
    }

    [Fact]
    public void Biases_are_added_and_forbid()
    {
        ProcessorSettings settings = new() { Texts = new Dictionary<string, ImmutableArray<string>> { ["logit-bias"] = ["1=2.5", "3=-inf"] } };
        float[] logits = [0, 1, 2, 3];
        LogitsProcessors.Create(settings)[0].Process(new DecodingState([], 0), logits);
        Assert.Equal([0, 3.5f, 2, float.NegativeInfinity], logits);
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => new LogitBias(new Dictionary<int, float> { [4] = 1 }).Process(new DecodingState([], 0), new float[4]));
        Assert.Contains("token 4", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("x=1")]
    [InlineData("-1=1")]
    [InlineData("1=inf")]
    [InlineData("1=NaN")]
    [InlineData("1=2=3")]
    public void A_bias_that_is_none_is_named(string text)
    {
        ProcessorSettings settings = new() { Texts = new Dictionary<string, ImmutableArray<string>> { ["logit-bias"] = [text] } };
        Assert.Contains(text, Assert.Throws<InvalidInputException>(() => LogitsProcessors.Create(settings)).Message, StringComparison.Ordinal);
    }

    // For every earlier place, the longest common suffix with the text, counted token by token.
    private static double[] DryReference(int[] all, int[][] breakers, double multiplier, double growth, int allowed, int range)
    {
        int[] tokens = range > 0 ? all[Math.Max(0, all.Length - range)..] : all;
        int limit = tokens.Length;
        for (int start = 0; start < tokens.Length; start++)
        {
            int[] here = [.. breakers.Where(breaker => tokens.AsSpan(start).StartsWith(breaker)).Select(breaker => breaker.Length)];
            limit = here.Length > 0 ? tokens.Length - start - here.Max() : limit;
        }

        double[] penalties = new double[Vocabulary];
        for (int end = 0; end < tokens.Length - 1; end++)
        {
            int length = 0;
            while (length <= end && length < limit && tokens[end - length] == tokens[tokens.Length - 1 - length])
            {
                length++;
            }

            int next = tokens[end + 1];
            if (length >= allowed && !breakers.Any(breaker => breaker is [int only] && only == next))
            {
                penalties[next] = Math.Max(penalties[next], multiplier * Math.Pow(growth, length - allowed));
            }
        }

        return penalties;
    }
}
