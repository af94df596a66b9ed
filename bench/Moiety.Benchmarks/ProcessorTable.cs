using System.Collections.Immutable;
using System.Diagnostics;
using Moiety.Decoding;
using Moiety.Decoding.Processors;

namespace Moiety.Benchmarks;

/// <summary>What each logits processor costs per token: its shortest time over a vocabulary of 32,000 and a text of 1,000 tokens.</summary>
internal static class ProcessorTable
{
    private const int Vocabulary = 32_000;
    private const int Rounds = 200;

    public static void Print(TextWriter output)
    {
        Random random = new(1);

        // Scores of a model: a wide bulk and a few that stand out.
        float[] logits = [.. Enumerable.Range(0, Vocabulary).Select(id => (float)(random.NextDouble() * 10) + (id % 500 == 0 ? 10 : 0))];
        int[] tokens = [.. Enumerable.Range(0, 1000).Select(_ => random.Next(200))];
        output.WriteLine("processor              microseconds");
        foreach (LogitsProcessorDefinition definition in LogitsProcessors.All)
        {
            output.WriteLine($"{definition.Name,-22} {Measure(Create(definition), logits, tokens),8:F1}");
        }
    }

    private static LogitsProcessor Create(LogitsProcessorDefinition definition)
    {
        ProcessorParameter first = definition.Parameters[0];
        ProcessorSettings settings = first.Kind == ParameterKind.Texts
            ? new ProcessorSettings { Texts = new Dictionary<string, ImmutableArray<string>> { [first.Name] = ["5=1"] } }
            : new ProcessorSettings { Numbers = new Dictionary<string, double> { [first.Name] = NumberFor(first) } };
        return LogitsProcessors.Create(settings)[0];
    }

    private static double NumberFor(ProcessorParameter parameter) => parameter.Name switch
    {
        "top-k" => 40,
        "no-repeat-ngram" => 3,
        "mirostat" => 2,
        "epsilon-cutoff" or "eta-cutoff" => 0.001,
        "xtc-probability" => 1,
        _ => parameter.Kind == ParameterKind.WholeNumber ? 10 : 0.8,
    };

    private static double Measure(LogitsProcessor processor, float[] logits, int[] tokens)
    {
        float[] work = new float[logits.Length];
        double[] memory = new double[processor.MemorySize];
        TimeSpan best = TimeSpan.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            logits.CopyTo(work, 0);
            DecodingState state = new(tokens, tokens.Length / 2) { Memory = memory };
            long start = Stopwatch.GetTimestamp();
            processor.Process(state, work);
            processor.Observe(state, work, 0);
            TimeSpan took = Stopwatch.GetElapsedTime(start);
            best = took < best ? took : best;
        }

        return best.TotalMicroseconds;
    }
}
