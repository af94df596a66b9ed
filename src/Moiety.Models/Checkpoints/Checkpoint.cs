using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;
using Moiety.Numerics;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// An opened model: configuration, tokenizer and tensors by canonical name (<see cref="TensorNames"/>). Files are
/// memory-mapped: nothing is copied until a kernel needs another layout, and matrices stay valid until disposal.
/// </summary>
public abstract class Checkpoint : IDisposable
{
    /// <summary>The file or folder that was opened.</summary>
    public abstract string Path { get; }

    /// <summary>The architecture.</summary>
    public abstract ModelConfig Config { get; }

    /// <summary>The tokenizer, or null when the checkpoint carries none.</summary>
    public abstract Tokenizer? Tokenizer { get; }

    /// <summary>Canonical names of all tensors, in the order of the file.</summary>
    public abstract IReadOnlyCollection<string> TensorNames { get; }

    /// <summary>A view of a tensor. A vector is a matrix of one row.</summary>
    /// <exception cref="InvalidCheckpointException">There is no such tensor.</exception>
    public abstract Matrix GetTensor(string name);

    /// <summary>Closes the files. Matrices of this checkpoint must not be used afterwards.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the files.</summary>
    protected abstract void Dispose(bool disposing);
}
