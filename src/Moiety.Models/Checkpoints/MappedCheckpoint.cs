using Moiety.Models.Chat;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;
using Moiety.Numerics;

namespace Moiety.Models.Checkpoints;

/// <summary>The checkpoint that all readers make: checked tensors of mapped files.</summary>
internal sealed class MappedCheckpoint : Checkpoint
{
    private readonly Dictionary<string, CheckpointTensor> _tensors;
    private readonly string[] _names;

    // Making a large one takes longer than all else about opening, and not everybody who opens a model needs it.
    private readonly Lazy<Tokenizer?> _tokenizer;
    private readonly Lazy<ChatTemplate?> _chatTemplate;
    private readonly IDisposable[] _files;

    /// <summary>Takes over the files.</summary>
    public MappedCheckpoint(
        string path,
        ModelConfig config,
        Func<Tokenizer?> readTokenizer,
        GenerationConfig? generation,
        IReadOnlyList<KeyValuePair<string, CheckpointTensor>> tensors,
        IEnumerable<IDisposable> files,
        EmbeddingConfig? embedding = null,
        Func<Tokenizer?, ChatTemplate?>? readChatTemplate = null,
        IReadOnlyList<string>? warnings = null)
    {
        Path = path;
        Config = config;
        _tokenizer = new Lazy<Tokenizer?>(() => Check(readTokenizer()));
        _chatTemplate = new Lazy<ChatTemplate?>(() => readChatTemplate?.Invoke(_tokenizer.Value));
        Generation = generation;
        Embedding = embedding;
        Warnings = warnings ?? [];
        _tensors = new(tensors, StringComparer.Ordinal);
        _names = [.. tensors.Select(tensor => tensor.Key)];
        _files = [.. files];
    }

    /// <inheritdoc/>
    public override string Path { get; }

    /// <inheritdoc/>
    public override ModelConfig Config { get; }

    /// <inheritdoc/>
    public override Tokenizer? Tokenizer => _tokenizer.Value;

    /// <inheritdoc/>
    public override GenerationConfig? Generation { get; }

    /// <inheritdoc/>
    public override ChatTemplate? ChatTemplate => _chatTemplate.Value;

    /// <inheritdoc/>
    public override EmbeddingConfig? Embedding { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Warnings { get; }

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> TensorNames => _names;

    /// <inheritdoc/>
    public override Matrix GetTensor(string name) => Find(name).Get();

    /// <inheritdoc/>
    public override TensorDescription Describe(string name) => Find(name).Description;

    /// <inheritdoc/>
    internal override Matrix OpenTensor(string name, out IDisposable? copy) => Find(name).Open(out copy);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (CheckpointTensor tensor in _tensors.Values)
        {
            tensor.Dispose();
        }

        foreach (IDisposable file in _files)
        {
            file.Dispose();
        }
    }

    private Tokenizer? Check(Tokenizer? tokenizer) => tokenizer is null || tokenizer.VocabularySize <= Config.VocabularySize
        ? tokenizer
        : throw new InvalidCheckpointException(Path, "tokenizer",
            $"it has {tokenizer.VocabularySize} tokens, the embedding only {Config.VocabularySize} rows (files of two models?)");

    private CheckpointTensor Find(string name) => _tensors.TryGetValue(name, out CheckpointTensor? tensor)
        ? tensor
        : throw new InvalidCheckpointException(Path, $"tensor \"{name}\"", "the model has no such tensor");
}
