using Moiety.Inference.KeyValues;
using Moiety.Inference.Steps;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Inference;

/// <summary>
/// Runs a model: token ids in, logits out; knows nothing about text. <see cref="Step"/> is the only way to run it. The
/// checkpoint must stay open as long as the engine, since weights are read where they lie.
/// </summary>
public sealed class Engine : IDisposable
{
    /// <summary>Builds the decoder over a checkpoint's tensors.</summary>
    /// <param name="checkpoint">The model; stays the caller's to dispose, after the engine.</param>
    /// <param name="options">How to use the machine, or null for the defaults.</param>
    /// <exception cref="InvalidCheckpointException">A tensor is missing, misshapen, or (when asked for) has NaN in it.</exception>
    public static Engine Open(Checkpoint checkpoint, EngineOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        options ??= new EngineOptions();
        ModelConfig config = checkpoint.Config;
        KvLayout layout = new(config.LayerCount, config.KeyValueHeadCount, config.HeadSize, sizeof(float) * config.HeadSize, options.PageSize);
        long memory = options.KeyValueMemory ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;
        int threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        return new Engine(config, options.ContextLength ?? config.ContextLength, threads, new KvPagePool(layout, memory));
    }

    /// <summary>The architecture.</summary>
    public ModelConfig Config { get; }

    /// <summary>Longest sequence in tokens.</summary>
    public int ContextLength { get; }

    /// <summary>Threads that compute.</summary>
    public int Threads { get; }

    /// <summary>The memory of all sequences.</summary>
    public KvPagePool Pages { get; }

    /// <summary>An empty sequence.</summary>
    public KvCache CreateCache() => new(Pages, ContextLength);

    /// <summary>
    /// Runs all slices of a batch through the model, appends them to their caches and computes what was asked for. Either
    /// everything happens or nothing: after any exception all caches are as they were.
    /// </summary>
    /// <param name="batch">The slices; may be reused afterwards.</param>
    /// <param name="cancellationToken">Looked at between layers.</param>
    /// <returns>The results, valid until the next step.</returns>
    /// <exception cref="ContextOverflowException">A sequence would become longer than the context.</exception>
    /// <exception cref="KvMemoryExhaustedException">There are too few free pages.</exception>
    /// <exception cref="Moiety.Models.InvalidInputException">A token id, or a plan, does not fit the model.</exception>
    public StepResult Step(Batch batch, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Stops the threads and frees all memory, the caches' too.</summary>
    public void Dispose()
    {
        Pages.Dispose();
    }

    private Engine(ModelConfig config, int contextLength, int threads, KvPagePool pages)
    {
        Config = config;
        ContextLength = contextLength;
        Threads = threads;
        Pages = pages;
    }
}
