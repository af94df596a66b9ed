using System.Security.Cryptography;
using System.Text;
using Moiety.Data;
using Moiety.Data.Corpora;
using Moiety.Experiments.Definitions;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers;

namespace Moiety.Experiments.Corpora;

/// <summary>
/// Makes the data of experiments when it is first needed, and finds it again: a folder per description of data. The same description gives
/// the same bytes on every machine; since the story world may be told differently in another version of it, that version is part of the
/// folder's name, and the hash of the contents decides whether a training has been done.
/// </summary>
public static class CorpusStore
{
    private const int NameLength = 16;

    /// <summary>Opens the data, making what is not there.</summary>
    /// <param name="data">What it is.</param>
    /// <param name="folder">Folder of all data of experiments.</param>
    /// <param name="report">Told in words what is being made.</param>
    /// <param name="cancellationToken">Stops the work; a file is complete or not there.</param>
    /// <exception cref="Models.InvalidInputException">The folder cannot be written.</exception>
    public static CorpusFiles Open(ExperimentData data, string folder, Action<string>? report = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        string root = Path.Combine(Path.GetFullPath(folder), NameOf(data));
        string training = Path.Combine(root, "train.jsonl");
        string validation = Path.Combine(root, "validation.jsonl");
        string tokenizer = Path.Combine(root, "tokenizer");
        Write(data.Training, training, report, cancellationToken);
        Write(data.Validation, validation, report, cancellationToken);
        string tokenizerFile = Path.Combine(tokenizer, TokenizerJson.FileName);
        if (!File.Exists(tokenizerFile))
        {
            report?.Invoke($"training a tokenizer of {data.VocabularySize} tokens");
            ByteLevelBpeTokenizer trained = BpeTrainer.Train(
                Corpus.Open(training).ReadTexts(cancellationToken), new BpeTrainerOptions { VocabularySize = data.VocabularySize }, null, cancellationToken);
            AtomicFolder.Write(tokenizer, 0, _ => true, made => TokenizerJson.WriteFolder(trained, made));
        }

        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in (string[])[training, validation, tokenizerFile])
        {
            using FileStream stream = File.OpenRead(file);
            hash.AppendData(SHA256.HashData(stream));
        }

        return new CorpusFiles(
            training, validation, tokenizer, Path.Combine(root, "cache"), Convert.ToHexStringLower(hash.GetHashAndReset()), TokenizerJson.ReadFolder(tokenizer).VocabularySize);
    }

    private static string NameOf(ExperimentData data)
    {
        string version = typeof(StoryWorldGenerator).Module.ModuleVersionId.ToString();
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{data.Description}\n{version}")))[..NameLength];
    }

    private static void Write(StoryWorldOptions options, string path, Action<string>? report, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            report?.Invoke($"writing {path}");
            new StoryWorldGenerator(options).Write(path, null, cancellationToken);
        }
    }
}
