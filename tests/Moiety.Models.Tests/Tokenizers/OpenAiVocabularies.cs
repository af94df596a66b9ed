using System.IO.Compression;
using System.Reflection;
using System.Text;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Tests.Tokenizers;

/// <summary>OpenAI's vocabularies as Microsoft's packages carry them.</summary>
internal static class OpenAiVocabularies
{
    /// <summary>A file of ranks, as OpenAI publishes it: Microsoft leaves the ranks out, and puts GPT-2's special token among the others.</summary>
    /// <param name="name">E.g. <c>cl100k_base</c>.</param>
    public static byte[] Ranks(string name)
    {
        Assembly assembly = Assembly.Load("Microsoft.ML.Tokenizers.Data." + name switch
        {
            "cl100k_base" => "Cl100kBase",
            "o200k_base" => "O200kBase",
            _ => "Gpt2",
        });
        string resource = assembly.GetManifestResourceNames().Single(resource => resource.Contains(".tiktoken", StringComparison.Ordinal));
        using Stream packed = assembly.GetManifestResourceStream(resource)!;
        using DeflateStream unpacked = new(packed, CompressionMode.Decompress);
        using StreamReader reader = new(unpacked);
        string[] lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string special = Convert.ToBase64String("<|endoftext|>"u8);
        return Encoding.ASCII.GetBytes(string.Concat(lines.Skip(1).Where(line => line.Trim() != special).Select((token, rank) => $"{token.Trim()} {rank}\n")));
    }

    /// <summary>Read by us.</summary>
    public static ByteLevelBpeTokenizer Read(string name) => TiktokenFile.Read(Ranks(name), name + ".tiktoken");

    /// <summary>Read by Microsoft's library.</summary>
    public static Microsoft.ML.Tokenizers.TiktokenTokenizer Microsoft(string name) => global::Microsoft.ML.Tokenizers.TiktokenTokenizer.CreateForModel(name switch
    {
        "cl100k_base" => "gpt-4",
        "o200k_base" => "gpt-4o",
        _ => "gpt2",
    });
}
