using Moiety.Models.Checkpoints;
using Moiety.Models.Json;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// Tokenizers in the layout of a Hugging Face folder: <c>tokenizer.json</c>, and <c>tokenizer_config.json</c> for the tokens that start
/// and end a text. <c>docs/tokenizers.md</c> says which models and components are supported.
/// </summary>
public static class TokenizerJson
{
    /// <summary>Name of the main file in a checkpoint folder.</summary>
    public const string FileName = "tokenizer.json";

    /// <summary>Name of the file that says which tokens start and end a text.</summary>
    public const string ConfigFileName = "tokenizer_config.json";

    // The largest published file has 34 MB.
    private const long LargestFile = 256L << 20;

    /// <summary>Reads the tokenizer of a checkpoint folder.</summary>
    /// <exception cref="InvalidCheckpointException">A file is missing, damaged, or uses a component that is not supported.</exception>
    public static Tokenizer ReadFolder(string folder)
    {
        string path = Path.Combine(folder, FileName);
        return File.Exists(path)
            ? ReadFile(path)
            : throw new InvalidCheckpointException(folder, FileName, "the file is missing; the folder must hold the tokenizer of the model");
    }

    /// <summary>Reads a tokenizer from a file of any name, with the <c>tokenizer_config.json</c> and <c>special_tokens_map.json</c> beside it where they are.</summary>
    /// <exception cref="InvalidCheckpointException">A file is missing, damaged, or uses a component that is not supported.</exception>
    public static Tokenizer ReadFile(string path)
    {
        string folder = Path.GetDirectoryName(path) ?? "";
        return TokenizerJsonReader.Read(
            JsonField.Parse(path, ReadBytes(path), allowDuplicates: true),
            Find(Path.Combine(folder, ConfigFileName)),
            Find(Path.Combine(folder, TokenizerFolderConfig.SpecialTokensFileName)),
            path);
    }

    /// <summary>Reads a tokenizer from the contents of the two files.</summary>
    /// <param name="tokenizer">Contents of <c>tokenizer.json</c>.</param>
    /// <param name="config">Contents of <c>tokenizer_config.json</c>, or null.</param>
    /// <param name="path">Name of the file for errors.</param>
    /// <exception cref="InvalidCheckpointException">A file is damaged, or uses a component that is not supported.</exception>
    public static Tokenizer Read(byte[] tokenizer, byte[]? config, string path)
    {
        // Duplicates pass here: the reader of the vocabulary says which piece is there twice.
        JsonField root = JsonField.Parse(path, tokenizer, allowDuplicates: true);
        JsonField? configRoot = config is null
            ? null
            : JsonField.Parse(Path.Combine(Path.GetDirectoryName(path) ?? "", ConfigFileName), config, allowDuplicates: true);
        return TokenizerJsonReader.Read(root, configRoot, specialTokens: null, path);
    }

    /// <summary>Writes both files into a folder, each in one step.</summary>
    /// <exception cref="InvalidInputException">The tokenizer is of a kind that the format cannot hold, or the disk is full.</exception>
    public static void WriteFolder(Tokenizer tokenizer, string folder)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        byte[] contents = Write(tokenizer);
        byte[] config = TokenizerJsonWriter.WriteConfig(tokenizer);
        AtomicFile.Write(Path.Combine(folder, FileName), contents.Length, file => file.Write(contents));
        AtomicFile.Write(Path.Combine(folder, ConfigFileName), config.Length, file => file.Write(config));
    }

    /// <summary>The contents of <c>tokenizer.json</c>.</summary>
    /// <exception cref="InvalidInputException">The tokenizer is of a kind that the format cannot hold.</exception>
    public static byte[] Write(Tokenizer tokenizer) => TokenizerJsonWriter.Write(tokenizer);

    private static JsonField? Find(string path) => File.Exists(path) ? JsonField.Parse(path, ReadBytes(path), allowDuplicates: true) : null;

    /// <summary>Reads a file that must not be larger than tokenizers are.</summary>
    internal static byte[] ReadBytes(string path, long largest = LargestFile)
    {
        try
        {
            long length = new FileInfo(path).Length;
            return length <= largest
                ? File.ReadAllBytes(path)
                : throw new InvalidCheckpointException(path, "size", $"{length} bytes are more than a tokenizer can have ({largest})");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidCheckpointException(path, "file", $"it cannot be read: {error.Message}");
        }
    }
}
