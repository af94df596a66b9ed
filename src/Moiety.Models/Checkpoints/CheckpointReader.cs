using System.Buffers.Binary;
using Moiety.Models.Checkpoints.PyTorch;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Checkpoints;

/// <summary>Finds out what a path is and opens it with the reader for it.</summary>
internal static class CheckpointReader
{
    /// <summary>Opens a folder or a file.</summary>
    /// <exception cref="InvalidInputException">It does not exist, is no known kind of checkpoint, or is malformed.</exception>
    public static Checkpoint Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (Directory.Exists(path))
        {
            return HuggingFaceReader.Open(path);
        }

        if (!File.Exists(path))
        {
            throw new InvalidInputException($"{path}: there is no such file or folder.");
        }

        // What the first bytes say goes before the name: files get renamed.
        byte[] start = FirstBytes(path);
        if (PyTorchFile.Begins(start))
        {
            return HuggingFaceReader.OpenSingle(path);
        }

        uint magic = Magic(start);
        string extension = Path.GetExtension(path).ToLowerInvariant();
        return (magic, extension) switch
        {
            (GgufFile.Magic, _) or (_, ".gguf") => GgufReader.Open(path),
            (Llama2CHeader.Magic, _) or (_, ".bin") => Llama2CReader.Open(path),
            (_, ".safetensors" or ".pt" or ".pth") => HuggingFaceReader.OpenSingle(path),
            _ => throw new InvalidCheckpointException(path, "file",
                "it is no model that Moiety reads: a Hugging Face folder, a .gguf file, a .safetensors or PyTorch file with config.json beside it, or llama2.c's .bin"),
        };
    }

    /// <summary>
    /// Reads a tokenizer of its own: a Hugging Face folder, a <c>tokenizer.json</c>, SentencePiece <c>.model</c> or BERT's <c>.txt</c>
    /// file itself whatever its name, a GGUF file, or llama2.c's <c>tokenizer.bin</c>.
    /// </summary>
    /// <exception cref="InvalidInputException">It does not exist, or is malformed.</exception>
    public static Tokenizer OpenTokenizer(string path)
    {
        if (Directory.Exists(path))
        {
            return TokenizerFolder.Read(path);
        }

        if (!File.Exists(path))
        {
            throw new InvalidInputException($"{path}: there is no such file or folder.");
        }

        if (Magic(FirstBytes(path)) == GgufFile.Magic)
        {
            using GgufFile file = GgufFile.Open(path);
            return GgufTokenizerMetadata.Read(file.Metadata) is { } data
                ? GgufTokenizer.Create(data, path)
                : throw new InvalidCheckpointException(path, "tokenizer.ggml.model", "the file carries no tokenizer");
        }

        return TokenizerFolder.ReadFile(path);
    }

    private static byte[] FirstBytes(string path)
    {
        using MappedFile file = MappedFile.Open(path);
        return file.Bytes(0, (int)Math.Min(sizeof(uint), file.Length)).ToArray();
    }

    private static uint Magic(byte[] start) => start.Length >= sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(start) : 0;
}
