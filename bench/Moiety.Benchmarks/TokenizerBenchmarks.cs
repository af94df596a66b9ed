using System.IO.Compression;
using System.Reflection;
using System.Text;
using BenchmarkDotNet.Attributes;
using Moiety.Data;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers;

namespace Moiety.Benchmarks;

/// <summary>
/// Encoding one megabyte of English on one core, so that 10 ms are 100 MB/s: Moiety, Microsoft's library and Hugging Face's with the same
/// vocabulary. The text is the story world's, or the beginning of the file that <c>MOIETY_BENCHMARK_TEXT</c> names.
/// </summary>
public class TokenizerBenchmarks
{
    private const int Megabyte = 1_000_000;
    private string _text = "";
    private Tokenizer? _moiety;
    private Microsoft.ML.Tokenizers.TiktokenTokenizer? _microsoft;
    private Tokenizers.DotNet.Tokenizer? _huggingFace;

    /// <summary>Whose vocabulary: GPT-2's, GPT-4's, GPT-4o's.</summary>
    [Params("gpt2", "cl100k_base", "o200k_base")]
    public string Vocabulary { get; set; } = "";

    /// <summary>Makes the tokenizers and the text.</summary>
    [GlobalSetup]
    public void Setup()
    {
        string folder = Directory.CreateTempSubdirectory("moiety-bench-").FullName;
        string ranks = Path.Combine(folder, Vocabulary + ".tiktoken");
        File.WriteAllText(ranks, Ranks());
        _moiety = Checkpoint.OpenTokenizer(ranks);
        TokenizerJson.WriteFolder(_moiety, folder);
        _huggingFace = new Tokenizers.DotNet.Tokenizer(vocabPath: Path.Combine(folder, TokenizerJson.FileName));
        _microsoft = Microsoft.ML.Tokenizers.TiktokenTokenizer.CreateForModel(Vocabulary switch
        {
            "gpt2" => "gpt2",
            "cl100k_base" => "gpt-4",
            _ => "gpt-4o",
        });
        Directory.Delete(folder, recursive: true);
        _text = Text();
    }

    /// <summary>Ours.</summary>
    [Benchmark(Baseline = true)]
    public int Moiety() => _moiety!.Encode(_text).Length;

    /// <summary>Microsoft.ML.Tokenizers.</summary>
    [Benchmark]
    public int Microsoft_ML() => _microsoft!.EncodeToIds(_text).Count;

    /// <summary>Hugging Face's tokenizers, through Tokenizers.DotNet.</summary>
    [Benchmark]
    public int HuggingFace() => _huggingFace!.Encode(_text).Length;

    private static string Text()
    {
        string text = Environment.GetEnvironmentVariable("MOIETY_BENCHMARK_TEXT") is { Length: > 0 } path
            ? File.ReadAllText(path)
            : string.Join("\n\n", new StoryWorldGenerator(new StoryWorldOptions { Documents = 3000 }).Generate().Select(document => document.Text));
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return bytes.Length >= Megabyte
            ? Encoding.UTF8.GetString(bytes, 0, Megabyte)
            : throw new InvalidOperationException($"The text has only {bytes.Length} bytes.");
    }

    // Microsoft's packages carry OpenAI's files without the ranks, which are the numbers of the lines.
    private string Ranks()
    {
        Assembly assembly = Assembly.Load("Microsoft.ML.Tokenizers.Data." + Vocabulary switch
        {
            "cl100k_base" => "Cl100kBase",
            "o200k_base" => "O200kBase",
            _ => "Gpt2",
        });
        string resource = assembly.GetManifestResourceNames().Single(name => name.Contains(".tiktoken", StringComparison.Ordinal));
        using StreamReader reader = new(new DeflateStream(assembly.GetManifestResourceStream(resource)!, CompressionMode.Decompress));
        string special = Convert.ToBase64String("<|endoftext|>"u8);
        string[] tokens = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return string.Concat(tokens.Skip(1).Where(token => token != special).Select((token, rank) => $"{token} {rank}\n"));
    }
}
