using Moiety.Inference;
using Moiety.Models;
using Moiety.Models.Adapters;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers;

namespace Moiety.Cli.Options;

/// <summary>A checkpoint and the engine over it.</summary>
internal sealed class OpenedModel : IDisposable
{
    private OpenedModel(Checkpoint checkpoint, Engine engine)
    {
        Checkpoint = checkpoint;
        Engine = engine;
    }

    /// <summary>The checkpoint.</summary>
    public Checkpoint Checkpoint { get; }

    /// <summary>The engine.</summary>
    public Engine Engine { get; }

    /// <summary>The tokenizer.</summary>
    /// <exception cref="InvalidInputException">The checkpoint carries none.</exception>
    public Tokenizer Tokenizer => RequireTokenizer(Checkpoint);

    /// <summary>Opens a checkpoint from a file and builds the engine.</summary>
    /// <exception cref="InvalidInputException">The checkpoint is absent or malformed.</exception>
    /// <param name="path">The model.</param>
    /// <param name="options">How to use the machine.</param>
    /// <param name="adapter">An adapter for all that the engine computes, or null.</param>
    public static OpenedModel Open(string path, EngineOptions options, string? adapter = null) => Over(Checkpoint.Open(path), options, adapter);

    /// <summary>Builds the engine over a checkpoint, which is disposed with it.</summary>
    /// <exception cref="InvalidInputException">A tensor is missing or misshapen.</exception>
    public static OpenedModel Over(Checkpoint checkpoint, EngineOptions options, string? adapter = null)
    {
        try
        {
            options = adapter is null ? options : options with { Adapter = LoraAdapter.Open(adapter, checkpoint) };
            return new OpenedModel(checkpoint, Engine.Open(checkpoint, options));
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>The tokenizer of a checkpoint.</summary>
    /// <exception cref="InvalidInputException">The checkpoint carries none.</exception>
    public static Tokenizer RequireTokenizer(Checkpoint checkpoint) => checkpoint.Tokenizer
        ?? throw new InvalidInputException(
            $"{checkpoint.Path}: the model carries no tokenizer, so that text can be neither read nor written. Put its tokenizer.json (llama2.c: tokenizer.bin) beside the weights, or give token ids (moiety logits --ids).");

    /// <inheritdoc/>
    public void Dispose()
    {
        Engine.Dispose();
        Checkpoint.Dispose();
    }
}
