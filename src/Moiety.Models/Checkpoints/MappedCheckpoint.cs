using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;
using Moiety.Numerics;

namespace Moiety.Models.Checkpoints;

/// <summary>The checkpoint that all readers make: checked views into mapped files.</summary>
internal sealed class MappedCheckpoint : Checkpoint
{
    private readonly Dictionary<string, Matrix> _tensors;
    private readonly string[] _names;
    private readonly IDisposable[] _files;

    /// <summary>Takes over the files.</summary>
    public MappedCheckpoint(
        string path,
        ModelConfig config,
        Tokenizer? tokenizer,
        GenerationConfig? generation,
        IReadOnlyList<KeyValuePair<string, Matrix>> tensors,
        IEnumerable<IDisposable> files)
    {
        if (tokenizer is not null && tokenizer.VocabularySize > config.VocabularySize)
        {
            throw new InvalidCheckpointException(path, "tokenizer",
                $"it has {tokenizer.VocabularySize} tokens, the embedding only {config.VocabularySize} rows (files of two models?)");
        }

        Path = path;
        Config = config;
        Tokenizer = tokenizer;
        Generation = generation;
        _tensors = new(tensors, StringComparer.Ordinal);
        _names = [.. tensors.Select(tensor => tensor.Key)];
        _files = [.. files];
    }

    /// <inheritdoc/>
    public override string Path { get; }

    /// <inheritdoc/>
    public override ModelConfig Config { get; }

    /// <inheritdoc/>
    public override Tokenizer? Tokenizer { get; }

    /// <inheritdoc/>
    public override GenerationConfig? Generation { get; }

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> TensorNames => _names;

    /// <inheritdoc/>
    public override Matrix GetTensor(string name) => _tensors.TryGetValue(name, out Matrix? tensor)
        ? tensor
        : throw new InvalidCheckpointException(Path, $"tensor \"{name}\"", "the model has no such tensor");

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (IDisposable file in _files)
        {
            file.Dispose();
        }
    }
}
