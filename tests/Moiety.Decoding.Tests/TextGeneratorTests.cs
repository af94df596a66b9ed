using System.Collections.Immutable;
using System.Text;
using CsCheck;
using Moiety.Decoding.Processors;
using Moiety.Decoding.Samplers;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Steps;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Decoding.Tests;

/// <summary>Texts are the same alone and in any batch, end where they must, and stream as whole characters.</summary>
public class TextGeneratorTests(RandomModelFixture model) : IClassFixture<RandomModelFixture>
{
    // Nothing ends a text but its length.
    private static readonly GenerationOptions Greedy = new() { MaxTokens = 24, StopTokens = [] };

    private static readonly GenerationOptions Sampled = Greedy with
    {
        Sampler = new MultinomialSampler(11),
        Processors = LogitsProcessors.Create(new Dictionary<string, double>
        {
            ["repetition-penalty"] = 1.1,
            ["frequency-penalty"] = 0.2,
            ["presence-penalty"] = 0.1,
            ["temperature"] = 1.3,
            ["top-k"] = 60,
            ["top-p"] = 0.95,
            ["min-p"] = 0.01,
        }),
    };

    [Fact]
    public void Greedy_text_is_the_likeliest_token_after_every_beginning()
    {
        string prompt = RandomModelFixture.Prompt(5);
        List<int> tokens = [.. model.Tokenizer.Encode(prompt)];
        int promptLength = tokens.Count;
        for (int step = 0; step < Greedy.MaxTokens; step++)
        {
            // The whole text from its start for every token, without a cache, a batch or a sampler.
            using KvCache cache = model.Engine.CreateCache();
            Batch batch = new();
            batch.Add(cache, tokens.ToArray());
            ReadOnlySpan<float> logits = model.Engine.Step(batch).Logits(0);
            int best = 0;
            for (int id = 1; id < logits.Length; id++)
            {
                best = logits[id] > logits[best] ? id : best;
            }

            tokens.Add(best);
        }

        Assert.Equal(tokens.Skip(promptLength), model.Generator.Generate(prompt, Greedy).Tokens);
    }

    [Fact]
    public void Text_is_the_same_alone_and_in_a_batch_of_mixed_lengths()
    {
        // Prompts from one token to more than one step takes at once.
        GenerationRequest[] requests =
        [
            new(""), new(RandomModelFixture.Prompt(3)), new(RandomModelFixture.Prompt(250)), new(RandomModelFixture.Prompt(40), 2), new("x", 1),
        ];
        foreach (GenerationOptions options in (GenerationOptions[])[Greedy, Sampled])
        {
            IReadOnlyList<GenerationResult> together = model.Generator.Generate(requests, options);
            for (int index = 0; index < requests.Length; index++)
            {
                GenerationResult alone = model.Generator.Generate([requests[index]], options)[0];
                Assert.Equal(alone.Tokens, together[index].Tokens);
                Assert.Equal(alone.Text, together[index].Text);
            }
        }
    }

    [Fact]
    public void Samples_of_one_prompt_differ_and_each_is_the_same_as_alone()
    {
        GenerationRequest[] requests = [.. Enumerable.Range(0, 6).Select(stream => new GenerationRequest(RandomModelFixture.Prompt(30), stream))];
        IReadOnlyList<GenerationResult> together = model.Generator.Generate(requests, Sampled);
        Assert.Equal(requests.Length, together.Select(result => string.Join(',', result.Tokens)).Distinct().Count());
        Assert.Equal(model.Generator.Generate([requests[3]], Sampled)[0].Tokens, together[3].Tokens);
        Assert.Equal(model.Generator.Generate([requests[5], requests[0]], Sampled)[0].Tokens, together[5].Tokens);
    }

    [Fact]
    public void Pieces_put_together_are_the_decoded_tokens_and_no_piece_cuts_a_character()
    {
        for (ulong seed = 0; seed < 10; seed++)
        {
            List<string> pieces = [];
            GenerationRequest[] requests = [new("Mia")];
            GenerationResult result = model.Generator.Generate(
                requests, Sampled with { Sampler = new MultinomialSampler(seed), MaxTokens = 60 }, (_, text) => pieces.Add(text))[0];
            Assert.Equal(result.Text, string.Concat(pieces));
            Assert.Equal(model.Tokenizer.Decode(result.Tokens.AsSpan()), result.Text);
            Assert.All(pieces, piece => Assert.False(char.IsLowSurrogate(piece[0]) || char.IsHighSurrogate(piece[^1])));
        }
    }

    [Fact]
    public void A_stop_string_cuts_the_text_where_IndexOf_finds_it_and_is_never_shown()
    {
        string whole = model.Generator.Generate("Mia", Sampled with { MaxTokens = 80 }).Text;
        Gen.Int[0, whole.Length - 4].SelectMany(at => Gen.Int[1, 4].Select(length => whole.Substring(at, length))).Sample(
            stop =>
            {
                StringBuilder shown = new();
                GenerationResult result = model.Generator.Generate(
                    [new GenerationRequest("Mia")], Sampled with { MaxTokens = 80, StopStrings = [stop] }, (_, text) => shown.Append(text))[0];
                Assert.Equal(whole[..whole.IndexOf(stop, StringComparison.Ordinal)], result.Text);
                Assert.Equal(result.Text, shown.ToString());
                Assert.Equal(FinishReason.StopString, result.FinishReason);
                Assert.Equal(stop, result.StopString);
            },
            iter: 30,
            threads: 1);
    }

    [Fact]
    public void A_stop_token_ends_the_text_and_is_not_part_of_it()
    {
        ImmutableArray<int> free = model.Generator.Generate("Mia", Sampled).Tokens;
        int at = free.IndexOf(free[7]);
        GenerationResult result = model.Generator.Generate("Mia", Sampled with { StopTokens = [free[7]] });
        Assert.Equal(free[..at], result.Tokens);
        Assert.Equal(FinishReason.EndOfText, result.FinishReason);
    }

    [Fact]
    public void Tokens_that_the_settings_for_generation_call_an_end_are_one()
    {
        ImmutableArray<int> free = model.Generator.Generate("Mia", Sampled).Tokens;
        using RandomCheckpoint checkpoint = new(model.Engine.Config, seed: 5, generation: new GenerationConfig { EosTokenIds = [free[7]] });
        using Engine engine = Engine.Open(checkpoint, new EngineOptions { Threads = 2, KeyValueFormat = KeyValueFormat.F32 });
        GenerationResult result = new TextGenerator(engine, model.Tokenizer).Generate("Mia", Sampled with { StopTokens = default });
        Assert.Equal(free[..free.IndexOf(free[7])], result.Tokens);
        Assert.Equal(FinishReason.EndOfText, result.FinishReason);
    }

    [Fact]
    public void As_many_tokens_come_as_were_asked_for()
    {
        GenerationResult result = model.Generator.Generate("Mia", Greedy with { MaxTokens = 1 });
        Assert.Single(result.Tokens);
        Assert.Equal(FinishReason.MaxTokens, result.FinishReason);
    }

    [Fact]
    public void A_text_that_meets_the_context_length_says_so()
    {
        string prompt = RandomModelFixture.Prompt(400);
        int promptLength = model.Tokenizer.Encode(prompt).Length;
        GenerationResult result = model.Generator.Generate(prompt, Greedy with { MaxTokens = 5000 });
        Assert.Equal(FinishReason.ContextFull, result.FinishReason);

        // The last token is never fed back, so that one more than the context has places for comes out.
        Assert.Equal(model.Engine.ContextLength + 1, promptLength + result.Tokens.Length);
    }

    [Fact]
    public void A_prompt_longer_than_the_context_is_an_error_and_is_not_cut()
    {
        bool anything = false;
        GenerationRequest[] requests = [new("Mia"), new(RandomModelFixture.Prompt(2000))];
        ContextOverflowException error = Assert.Throws<ContextOverflowException>(() => model.Generator.Generate(requests, Greedy, (_, _) => anything = true));
        Assert.Equal(model.Engine.ContextLength, error.ContextLength);
        Assert.False(anything);
    }

    [Fact]
    public void Cancelling_stops_the_text_and_gives_its_memory_back()
    {
        int used = model.Engine.Pages.InUse;
        using CancellationTokenSource stop = new();
        int pieces = 0;
        Assert.Throws<OperationCanceledException>(() => model.Generator.Generate(
            [new GenerationRequest("Mia")],
            Sampled with { MaxTokens = 1000 },
            (_, _) =>
            {
                if (++pieces == 5)
                {
                    stop.Cancel();
                }
            },
            stop.Token));
        Assert.InRange(pieces, 5, 6);
        Assert.Equal(used, model.Engine.Pages.InUse);
    }

    [Fact]
    public async Task A_stream_gives_the_same_text_and_may_be_left_early()
    {
        string whole = model.Generator.Generate("Mia", Sampled).Text;
        StringBuilder streamed = new();
        await foreach (string piece in model.Generator.StreamAsync("Mia", Sampled))
        {
            streamed.Append(piece);
        }

        Assert.Equal(whole, streamed.ToString());
        await foreach (string piece in model.Generator.StreamAsync("Mia", Sampled with { MaxTokens = 1000 }))
        {
            Assert.StartsWith(piece, whole, StringComparison.Ordinal);
            break;
        }

        // Leaving waits for the work to end: the engine is free again.
        Assert.Equal(whole, model.Generator.Generate("Mia", Sampled).Text);
    }

    [Fact]
    public async Task An_error_comes_out_of_the_stream()
    {
        IAsyncEnumerable<string> pieces = model.Generator.StreamAsync(RandomModelFixture.Prompt(2000), Greedy);
        await Assert.ThrowsAsync<ContextOverflowException>(async () =>
        {
            await foreach (string piece in pieces)
            {
                Assert.Fail($"no text was to come, not even \"{piece}\"");
            }
        });
    }

    [Fact]
    public void NaN_weights_are_an_error_and_not_a_text()
    {
        using RandomCheckpoint damaged = new(SmallModels.Dense with { VocabularySize = model.Tokenizer.VocabularySize }, seed: 1);
        float[] head = damaged.Values(TensorNames.Head);
        head[1234] = float.NaN;
        damaged.SetTensor(TensorNames.Head, damaged.Config.VocabularySize, damaged.Config.HiddenSize, head);
        using Engine engine = Engine.Open(damaged);
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => new TextGenerator(engine, model.Tokenizer).Generate("Mia", Greedy));
        Assert.Contains("NaN", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_that_make_no_sense_are_refused()
    {
        Assert.Throws<InvalidInputException>(() => model.Generator.Generate("Mia", Greedy with { MaxTokens = 0 }));
        Assert.Throws<InvalidInputException>(() => model.Generator.Generate("Mia", Greedy with { StopStrings = [""] }));
    }
}
