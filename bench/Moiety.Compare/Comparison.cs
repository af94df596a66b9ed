using System.Diagnostics;
using System.Globalization;
using Moiety.Evaluation.Speed;
using Moiety.LlamaCpp;
using Moiety.Models.Checkpoints;
using Moiety.Models.Quantization;
using Moiety.Numerics.Formats;

namespace Moiety.Compare;

/// <summary>
/// Runs both engines over one GGUF file with random weights, in one process, in turn, so that both meet the same machine.
/// </summary>
internal sealed class Comparison(LlamaCppLibrary library, int threads, int prompt, int decode, int repetitions)
{
    /// <summary>Measures one shape in one format and prints a line for each engine.</summary>
    public void Run(ModelPreset preset, StorageFormat format, TextWriter output)
    {
        string path = Path.Combine(Path.GetTempPath(), $"moiety-compare-{Environment.ProcessId}.gguf");
        try
        {
            ModelSummary summary = WriteModel(preset, format, path);
            int[] tokens = Tokens(prompt + decode, preset.Config.VocabularySize);
            using MoietySide ours = new(path, threads, tokens.Length);
            using LlamaCppSide theirs = new(library, path, threads, tokens.Length);
            ISide[] sides = [ours, theirs];
            List<double>[] prefill = [[], []];
            List<double>[] decoding = [[], []];

            // One repetition more than counted: the first meets cold code and cold pages. Who goes first alternates.
            for (int repetition = 0; repetition <= repetitions; repetition++)
            {
                for (int turn = 0; turn < sides.Length; turn++)
                {
                    int side = (turn + repetition) % sides.Length;
                    (double prefillSeconds, double decodeSeconds) = Measure(sides[side], tokens);
                    if (repetition > 0)
                    {
                        prefill[side].Add(prefillSeconds);
                        decoding[side].Add(decodeSeconds);
                    }
                }
            }

            double[] prefillRates = [.. prefill.Select(seconds => prompt / Median(seconds))];
            double[] decodeRates = [.. decoding.Select(seconds => decode / Median(seconds))];
            for (int side = 0; side < sides.Length; side++)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{preset.Name,-14} {format.Name,-5} {sides[side].Name,-10} {prefillRates[side],10:F1} {decodeRates[side],9:F2} {decodeRates[side] * summary.ActiveWeightBytes / 1e9,7:F1}"));
            }

            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{preset.Name,-14} {format.Name,-5} {"ratio",-10} {prefillRates[0] / prefillRates[1],10:F2} {decodeRates[0] / decodeRates[1],9:F2}"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private (double Prefill, double Decode) Measure(ISide side, int[] tokens)
    {
        side.Clear();
        long start = Stopwatch.GetTimestamp();
        side.Append(tokens.AsSpan(0, prompt));
        double prefillSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        start = Stopwatch.GetTimestamp();
        for (int i = prompt; i < tokens.Length; i++)
        {
            side.Append(tokens.AsSpan(i, 1));
        }

        return (prefillSeconds, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private static ModelSummary WriteModel(ModelPreset preset, StorageFormat format, string path)
    {
        using RandomModel model = new(preset, format);
        GgufWriter.Write(path, model.Config, TensorSource.From(model), tokenizer: null);
        return ModelSummary.From(model);
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values.Count % 2 == 1 ? values[values.Count / 2] : (values[(values.Count / 2) - 1] + values[values.Count / 2]) / 2;
    }

    // The same ids for both; random, so that a Mixture-of-Experts spreads over its experts.
    private static int[] Tokens(int count, int vocabularySize)
    {
        int[] tokens = new int[count];
        uint state = 1;
        for (int i = 0; i < count; i++)
        {
            state = (state * 1664525) + 1013904223;
            tokens[i] = (int)((ulong)state * (ulong)vocabularySize >> 32);
        }

        return tokens;
    }
}
