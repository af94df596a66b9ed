using CsCheck;
using Moiety.Decoding.Processors;
using Moiety.Models;

namespace Moiety.Decoding.Tests.Processors;

/// <summary>Every processor does what Hugging Face or OpenAI says, on random logits with ties and forbidden tokens.</summary>
public class ProcessorTests
{
    // Few distinct values make ties; minus infinity is what an earlier processor leaves.
    private static readonly Gen<float> Logit = Gen.Frequency(
        (8, Gen.Float[-20, 20]),
        (3, Gen.Int[-4, 4].Select(value => (float)value)),
        (1, Gen.Const(float.NegativeInfinity)));

    private static readonly Gen<float[]> Logits = Logit.Array[1, 300].Where(logits => logits.Any(float.IsFinite));

    private static readonly Gen<(float[] Logits, int[] Prompt, int[] Generated)> Sequences =
        from logits in Gen.Float[-20, 20].Array[1, 100]
        from prompt in Gen.Int[0, logits.Length - 1].Array[0, 40]
        from generated in Gen.Int[0, logits.Length - 1].Array[0, 40]
        select (logits, prompt, generated);

    [Fact]
    public void Temperature_divides_as_in_Hugging_Face() =>
        Gen.Select(Logits, Gen.Float[0.01f, 10]).Sample((logits, temperature) =>
            Assert.Equal(HuggingFaceReference.Temperature(logits, temperature), Run(new Temperature(temperature), logits)));

    [Fact]
    public void Top_k_keeps_what_Hugging_Face_keeps() =>
        Gen.Select(Logits, Gen.Int[1, 310]).Sample((logits, count) =>
            Assert.Equal(HuggingFaceReference.TopK(logits, count), Run(new TopK(count), logits)));

    [Fact]
    public void Top_p_keeps_what_Hugging_Face_keeps() =>
        Gen.Select(Logits, Gen.Double[0.001, 1]).Sample((logits, wanted) =>
        {
            // A sum that meets p within rounding may fall on either side: such a p is moved off the border.
            float mass = (float)wanted;
            double[] sums = [.. HuggingFaceReference.Softmax(logits).OrderDescending().Aggregate(new List<double> { 0 }, (list, p) => [.. list, list[^1] + p])];
            if (mass < 1 && !sums.Any(sum => Math.Abs(sum - mass) < 1e-9))
            {
                Assert.Equal(HuggingFaceReference.TopP(logits, mass), Run(new TopP(mass), logits));
            }
        });

    [Fact]
    public void Min_p_keeps_what_Hugging_Face_keeps() =>
        Gen.Select(Logits, Gen.Float[0, 1]).Sample((logits, fraction) =>
        {
            double[] ratios = [.. logits.Select(logit => Math.Exp(logit - (double)logits.Max()))];
            if (!ratios.Any(ratio => ratio > 0 && Math.Abs(ratio - fraction) < 1e-5 * ratio))
            {
                Assert.Equal(HuggingFaceReference.MinP(logits, fraction), Run(new MinP(fraction), logits));
            }
        });

    [Fact]
    public void Min_p_of_one_keeps_only_the_likeliest() =>
        Assert.Equal([float.NegativeInfinity, 3, float.NegativeInfinity, 3], Run(new MinP(1), [1, 3, 2.999f, 3]));

    [Fact]
    public void Repetition_penalty_counts_prompt_and_text_once_as_in_Hugging_Face() =>
        Gen.Select(Sequences, Gen.Float[0.5f, 2]).Sample((sequence, penalty) =>
            Assert.Equal(
                HuggingFaceReference.RepetitionPenalty(sequence.Logits, [.. sequence.Prompt, .. sequence.Generated], penalty),
                Run(new RepetitionPenalty(penalty), sequence.Logits, sequence.Prompt, sequence.Generated)));

    [Fact]
    public void Frequency_and_presence_penalties_count_generated_tokens_as_OpenAI_does() =>
        Gen.Select(Sequences, Gen.Float[-2, 2], Gen.Float[-2, 2]).Sample((sequence, frequency, presence) =>
        {
            float[] expected = HuggingFaceReference.OpenAiPenalties(sequence.Logits, sequence.Generated, frequency, presence);
            float[] between = Run(new FrequencyPenalty(frequency), sequence.Logits, sequence.Prompt, sequence.Generated);
            Assert.Equal(expected, Run(new PresencePenalty(presence), between, sequence.Prompt, sequence.Generated));
        });

    [Fact]
    public void Every_processor_leaves_a_token_to_choose() =>
        Gen.Select(Logits, Gen.Double[0.01, 1]).Sample((logits, value) =>
        {
            foreach (LogitsProcessor processor in ProcessorChains.All(value))
            {
                float[] result = Run(processor, logits);
                Assert.Contains(result, float.IsFinite);
                Assert.DoesNotContain(result, float.IsNaN);
            }
        });

    [Fact]
    public void No_processor_allocates()
    {
        LogitsProcessor[] chain = [.. ProcessorChains.All(1)];
        Assert.Equal(LogitsProcessors.All.Length, chain.Length);
        float[] logits = [.. Enumerable.Range(0, 5000).Select(id => MathF.Sin(id) * 10)];
        int[] tokens = [.. Enumerable.Range(0, 100).Select(place => place % 40)];
        int[] stopTokens = [7];
        double[] memory = new double[1];
        void RunChain()
        {
            foreach (LogitsProcessor processor in chain)
            {
                DecodingState state = new(tokens, 50) { StopTokens = stopTokens, Memory = memory };
                processor.Process(state, logits);
                processor.Observe(state, logits, 3);
            }
        }

        for (int warmUp = 0; warmUp < 3; warmUp++)
        {
            RunChain();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int repeat = 0; repeat < 20; repeat++)
        {
            RunChain();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData("temperature", 0)]
    [InlineData("temperature", double.NaN)]
    [InlineData("temperature", -1)]
    [InlineData("top-k", 0)]
    [InlineData("top-p", 0)]
    [InlineData("top-p", 1.5)]
    [InlineData("min-p", -0.1)]
    [InlineData("min-p", double.NaN)]
    [InlineData("repetition-penalty", 0)]
    [InlineData("frequency-penalty", double.PositiveInfinity)]
    [InlineData("presence-penalty", double.NaN)]
    [InlineData("typical-p", 0)]
    [InlineData("epsilon-cutoff", 1.1)]
    [InlineData("eta-cutoff", -0.1)]
    [InlineData("top-n-sigma", 0)]
    [InlineData("dynamic-temperature", 0)]
    [InlineData("xtc-probability", 2)]
    [InlineData("dry-multiplier", -1)]
    [InlineData("no-repeat-ngram", 0)]
    [InlineData("min-tokens", -1)]
    [InlineData("mirostat", 3)]
    public void A_number_out_of_range_is_named(string name, double value)
    {
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => LogitsProcessors.Create(new Dictionary<string, double> { [name] = value }));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_processor_is_answered_with_the_known_ones()
    {
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => LogitsProcessors.Create(new Dictionary<string, double> { ["typical-q"] = 1 }));
        Assert.All(LogitsProcessors.All, definition => Assert.All(definition.Parameters, parameter => Assert.Contains(parameter.Name, error.Message, StringComparison.Ordinal)));
    }

    [Fact]
    public void The_chain_applies_in_the_order_of_the_list_whatever_the_order_asked_for()
    {
        string[] names = ["repetition-penalty", "frequency-penalty", "presence-penalty", "temperature", "top-k", "top-p", "min-p"];
        Type[] forward = Chain(names);
        Assert.Equal(forward, Chain(names.AsEnumerable().Reverse()));
        Assert.Equal([typeof(RepetitionPenalty), typeof(FrequencyPenalty), typeof(PresencePenalty), typeof(Temperature), typeof(TopK), typeof(TopP), typeof(MinP)], forward);

        static Type[] Chain(IEnumerable<string> asked) => [.. LogitsProcessors.Create(asked.ToDictionary(name => name, _ => 1.0)).Select(processor => processor.GetType())];
    }

    private static float[] Run(LogitsProcessor processor, float[] logits, int[]? prompt = null, int[]? generated = null)
    {
        float[] result = [.. logits];
        processor.Process(new DecodingState([.. prompt ?? [], .. generated ?? []], prompt?.Length ?? 0) { Memory = new double[processor.MemorySize] }, result);
        return result;
    }
}
