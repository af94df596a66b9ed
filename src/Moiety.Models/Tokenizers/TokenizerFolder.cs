using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers.SentencePieceModels;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// The tokenizer of a Hugging Face folder, from whichever of its files says most: <c>tokenizer.json</c>, else a SentencePiece model,
/// else <c>vocab.txt</c>, else <c>vocab.json</c> with <c>merges.txt</c>, else tiktoken's ranks.
/// </summary>
internal static class TokenizerFolder
{
    private static readonly (string[] Names, Func<string, Tokenizer> Read)[] Files =
    [
        ([TokenizerJson.FileName], TokenizerJson.ReadFile),
        ([.. SentencePieceFolder.FileNames], SentencePieceFolder.ReadFile),
        ([BertVocabulary.FileName], BertVocabulary.ReadFile),
        ([.. ByteLevelVocabulary.FileNames], ByteLevelVocabulary.ReadFile),
        ([.. TiktokenFile.FileNames], TiktokenFile.ReadFile),
    ];

    /// <summary>The names of all files that a tokenizer is read from.</summary>
    public static string All => string.Join(", ", Files.SelectMany(file => file.Names));

    /// <summary>Reads the tokenizer, or gives null when the folder has none.</summary>
    /// <exception cref="InvalidCheckpointException">A file is damaged, or uses something that is not supported.</exception>
    public static Tokenizer? Find(string folder)
    {
        foreach ((string[] names, Func<string, Tokenizer> read) in Files)
        {
            foreach (string name in names)
            {
                string path = Path.Combine(folder, name);
                if (File.Exists(path))
                {
                    return read(path);
                }
            }
        }

        return null;
    }

    /// <summary>Reads the tokenizer of a folder.</summary>
    /// <exception cref="InvalidCheckpointException">There is none, a file is damaged, or uses something that is not supported.</exception>
    public static Tokenizer Read(string folder) => Find(folder)
        ?? throw new InvalidCheckpointException(folder, TokenizerJson.FileName, $"the folder has no tokenizer; it must hold one of: {All}");

    /// <summary>Reads a tokenizer from one file, whose kind its name tells.</summary>
    /// <exception cref="InvalidCheckpointException">It is damaged, or uses something that is not supported.</exception>
    public static Tokenizer ReadFile(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".json" when ByteLevelVocabulary.FileNames.Contains(Path.GetFileName(path)) => ByteLevelVocabulary.ReadFile(path),
        ".json" => TokenizerJson.ReadFile(path),
        ".model" => SentencePieceFolder.ReadFile(path),
        TiktokenFile.Extension => TiktokenFile.ReadFile(path),
        ".txt" => BertVocabulary.ReadFile(path),
        _ => Llama2CTokenizer.ReadFile(path),
    };
}
