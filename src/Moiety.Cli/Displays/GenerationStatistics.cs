using Moiety.Cli.Shell;
using Moiety.Decoding;

namespace Moiety.Cli.Displays;

/// <summary>What <c>--stats</c> tells about generated texts, on the error stream.</summary>
internal static class GenerationStatistics
{
    /// <summary>Writes one line on the prompt, one on the text and one on why it ended.</summary>
    public static void Write(Terminal terminal, IReadOnlyList<GenerationResult> results, ulong? seed)
    {
        // Texts of one batch share their steps: the longest of them is the time of all.
        int prompt = results[0].PromptTokenCount;
        TimeSpan promptTime = results.Max(result => result.PromptTime);
        TimeSpan decodeTime = results.Max(result => result.DecodeTime);
        int decoded = results.Sum(result => Math.Max(0, result.Tokens.Length - 1));
        string texts = results.Count == 1 ? "" : $" of {results.Count} texts";
        terminal.Error.WriteLine($"prompt: {prompt} tokens in {Format.Time(promptTime)} ({Format.Rate(prompt / promptTime.TotalSeconds)} tokens/s)");
        terminal.Error.WriteLine(decodeTime > TimeSpan.Zero
            ? $"decode: {decoded} tokens{texts} in {Format.Time(decodeTime)} ({Format.Rate(decoded / decodeTime.TotalSeconds)} tokens/s)"
            : $"decode: {decoded} tokens{texts}");
        terminal.Error.WriteLine($"ended by: {string.Join(", ", results.Select(Describe).Distinct())}; {(seed is { } number ? $"seed {number}" : "greedy")}");
    }

    private static string Describe(GenerationResult result) => result.FinishReason switch
    {
        FinishReason.EndOfText => "end of text",
        FinishReason.StopString => "a stop string",
        FinishReason.MaxTokens => "--max-tokens",
        _ => "the context length",
    };
}
