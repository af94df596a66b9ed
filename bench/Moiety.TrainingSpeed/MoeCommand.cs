using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Moiety.Numerics.Formats;
using Moiety.Training.Modules;
using Moiety.Training.Native;
using static TorchSharp.torch;

namespace Moiety.TrainingSpeed;

/// <summary>The speed of a Mixture-of-Experts layer: routing, the whole layer, and decoding; on one thread.</summary>
internal static class MoeCommand
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    internal static Command Create()
    {
        Option<int[]> experts = new("--experts") { Description = "Numbers of experts.", DefaultValueFactory = _ => [8, 16, 32, 64, 128], AllowMultipleArgumentsPerToken = true };
        Option<int[]> tokens = new("--tokens") { Description = "Numbers of tokens, at 64 experts.", DefaultValueFactory = _ => [256, 512, 2048, 4096], AllowMultipleArgumentsPerToken = true };
        Option<int> hidden = new("--hidden") { Description = "Width of the model.", DefaultValueFactory = _ => 512 };
        Option<int> size = new("--expert-size") { Description = "Inner width of an expert.", DefaultValueFactory = _ => 512 };
        Option<int> runs = new("--runs") { Description = "Measurements of each; the median counts.", DefaultValueFactory = _ => 5 };
        Option<bool> json = new("--json") { Description = "Print the results as JSON." };
        Option<string?> part = new("--only") { Description = "routing, layer or decode; all without." };
        Command command = new("moe", "Measures a Mixture-of-Experts layer against one-hot products, a dense layer and calls for each token.") { experts, tokens, hidden, size, runs, part, json };
        command.SetAction(result => Run(
            result.GetValue(experts)!, result.GetValue(tokens)!, result.GetValue(hidden), result.GetValue(size), result.GetValue(runs), result.GetValue(part), result.GetValue(json)));
        return command;
    }

    private static void Run(int[] experts, int[] tokens, int hidden, int size, int runs, string? part, bool json)
    {
        const int Tokens = 1024;
        const int Experts = 64;
        TorchLibrary.EnsureLoaded();
        set_num_threads(1);
        (int Tokens, int Experts)[] shapes = [.. experts.Select(count => (Tokens, count)), .. tokens.Select(count => (count, Experts))];
        List<RoutingResult> routing = [];
        foreach ((int count, int expertCount) in part is null or "routing" ? shapes : [])
        {
            using RoutingMeasurement measurement = new(count, expertCount, hidden);
            routing.Add(measurement.Run(runs));
        }

        List<LayerResult> layers = [.. (part is null or "layer" ? experts : []).Select(count => LayerMeasurement.Run(Tokens, count, hidden, 1, size, ComputePrecision.BF16, runs))];
        DecodeResult[] decoding = part is not (null or "decode") ? [] :
        [
            // Experts that no cache holds, as those of published models are.
            DecodeMeasurement.Run(16, 8, 2, 2048, 4096, StorageFormats.F32, runs),
            DecodeMeasurement.Run(16, 8, 2, 2048, 4096, StorageFormats.BF16, runs),
            DecodeMeasurement.Run(16, 8, 2, 2048, 4096, StorageFormats.Q8_0, runs),
            DecodeMeasurement.Run(16, 64, 8, 2048, 1024, StorageFormats.BF16, runs),
            DecodeMeasurement.Run(16, 64, 8, 2048, 1024, StorageFormats.Q8_0, runs),
        ];
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { hidden, routing, layers, decoding }, Json));
            return;
        }

        Console.WriteLine(Line($"gating, dispatch and combine of {hidden} numbers per token, forward and backward, F32, top-1"));
        Console.WriteLine("tokens experts  table ms  one-hot ms   ratio  table MB  one-hot MB  difference");
        foreach (RoutingResult one in routing)
        {
            Console.WriteLine(Line(
                $"{one.Tokens,6} {one.Experts,7} {one.TableMilliseconds,9:F2} {one.OneHotMilliseconds,11:F1} {one.Ratio,7:F1} {one.TableMegabytes,9:F1} {one.OneHotMegabytes,11:F1} {one.Difference,11:E1}"));
        }

        Console.WriteLine();
        Console.WriteLine(Line($"the whole layer, experts of {size}, forward and backward, bf16, against a dense layer of {size}"));
        Console.WriteLine("tokens experts  layer ms  dense ms   ratio");
        foreach (LayerResult one in layers)
        {
            Console.WriteLine(Line($"{one.Tokens,6} {one.Experts,7} {one.SparseMilliseconds,9:F1} {one.DenseMilliseconds,9:F1} {one.Ratio,7:F2}"));
        }

        Console.WriteLine();
        Console.WriteLine("a decoding step's products, grouped by expert against one call for each token and choice");
        Console.WriteLine("batch experts top-k distinct format  grouped ms  naive ms   ratio  same");
        foreach (DecodeResult one in decoding)
        {
            Console.WriteLine(Line(
                $"{one.Batch,5} {one.Experts,7} {one.TopK,5} {one.Distinct,8} {one.Format,6} {one.GroupedMilliseconds,11:F2} {one.NaiveMilliseconds,9:F2} {one.Ratio,7:F2}  {(one.Same ? "yes" : "no")}"));
        }
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
