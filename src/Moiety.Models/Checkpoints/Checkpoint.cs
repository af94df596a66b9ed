using Moiety.Models.Chat;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;
using Moiety.Numerics;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// An opened model: configuration, tokenizer and tensors by canonical name (<see cref="TensorNames"/>). Files are
/// memory-mapped: nothing is copied but tensors whose layout in the file is another one, when they are first asked for. Matrices stay
/// valid until disposal.
/// </summary>
public abstract class Checkpoint : IDisposable
{
    /// <summary>The file or folder that was opened.</summary>
    public abstract string Path { get; }

    /// <summary>The architecture.</summary>
    public abstract ModelConfig Config { get; }

    /// <summary>The tokenizer, or null when the checkpoint carries none. It is made when it is first asked for.</summary>
    /// <exception cref="InvalidInputException">What the checkpoint carries is malformed, not supported, or does not fit the model.</exception>
    public abstract Tokenizer? Tokenizer { get; }

    /// <summary>How its makers want text generated, or null when they did not say.</summary>
    public virtual GenerationConfig? Generation => null;

    /// <summary>How the model wants conversations written, or null when its files do not say. Read when it is first asked for.</summary>
    /// <exception cref="InvalidInputException">A template is malformed.</exception>
    public virtual ChatTemplate? ChatTemplate => null;

    /// <summary>What of the files is left out and a user should know, such as layers that predict further tokens; empty for most.</summary>
    public virtual IReadOnlyList<string> Warnings => [];

    /// <summary>How its makers want texts turned into vectors, or null when they did not say.</summary>
    public virtual EmbeddingConfig? Embedding => null;

    /// <summary>Canonical names of all tensors, in the order of the forward pass.</summary>
    public abstract IReadOnlyCollection<string> TensorNames { get; }

    /// <summary>A view of a tensor, or a copy that is kept until disposal. A vector is a matrix of one row.</summary>
    /// <exception cref="InvalidCheckpointException">There is no such tensor.</exception>
    public abstract Matrix GetTensor(string name);

    /// <summary>Format and shape of a tensor; nothing is read or copied.</summary>
    /// <exception cref="InvalidCheckpointException">There is no such tensor.</exception>
    public virtual TensorDescription Describe(string name)
    {
        Matrix tensor = GetTensor(name);
        return new TensorDescription(tensor.Format, tensor.Rows, tensor.Columns);
    }

    /// <summary>A tensor for passing use, so that a pass over a model does not hold copies of all of it.</summary>
    /// <param name="name">Canonical name.</param>
    /// <param name="copy">What to dispose of after use, or null for a view that lives as long as the checkpoint.</param>
    internal virtual Matrix OpenTensor(string name, out IDisposable? copy)
    {
        copy = null;
        return GetTensor(name);
    }

    /// <summary>
    /// Opens a model: a Hugging Face folder (safetensors, or files of <c>torch.save</c>, whose pickles are read without running
    /// anything), a <c>.gguf</c> file, llama2.c's <c>.bin</c> with <c>tokenizer.bin</c> beside it, or one <c>.safetensors</c>,
    /// <c>.bin</c>, <c>.pt</c> or <c>.pth</c> file with <c>config.json</c> beside it. What the file is shows in its first bytes.
    /// </summary>
    /// <exception cref="InvalidInputException">It does not exist, is none of these, or is malformed.</exception>
    public static Checkpoint Open(string path) => CheckpointReader.Open(path);

    /// <summary>
    /// Reads a tokenizer of its own: a Hugging Face folder, a <c>tokenizer.json</c>, SentencePiece <c>.model</c> or BERT's <c>.txt</c>
    /// file itself whatever its name, a GGUF file, or llama2.c's <c>tokenizer.bin</c>.
    /// </summary>
    /// <exception cref="InvalidInputException">It does not exist, or is malformed.</exception>
    public static Tokenizer OpenTokenizer(string path) => CheckpointReader.OpenTokenizer(path);

    /// <summary>Looks at every weight: a NaN or an infinity would silently spoil all text.</summary>
    /// <exception cref="InvalidCheckpointException">A weight is not finite; the message names the tensor and the index.</exception>
    public void VerifyFinite(CancellationToken cancellationToken = default)
    {
        foreach (string name in TensorNames)
        {
            Matrix tensor = OpenTensor(name, out IDisposable? copy);
            using IDisposable? kept = copy;
            long index = FiniteScan.FindNonFinite(tensor, cancellationToken);
            if (index >= 0)
            {
                throw new InvalidCheckpointException(Path, $"tensor \"{name}\"",
                    $"the weight at row {index / tensor.Columns}, column {index % tensor.Columns} is not a finite number ({tensor.Format.Name})");
            }
        }
    }

    /// <summary>Closes the files. Matrices of this checkpoint must not be used afterwards.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the files.</summary>
    protected abstract void Dispose(bool disposing);
}
