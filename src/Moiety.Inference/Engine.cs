using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;
using Moiety.Inference.Adapters;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Model;
using Moiety.Inference.Plans;
using Moiety.Inference.Steps;
using Moiety.Models;
using Moiety.Models.Adapters;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Threading;

namespace Moiety.Inference;

/// <summary>
/// Runs a model: token ids in, logits out; knows nothing about text. <see cref="Step"/> is the only way to run it. The
/// checkpoint must stay open as long as the engine, since weights are read where they lie.
/// </summary>
/// <remarks>
/// How a token id becomes logits: its row of the embedding starts a residual stream; each layer adds what attention gathers
/// from the tokens before it (keys and values live in the <see cref="KvCache"/>), then what its feed-forward makes of the
/// result, dense or by the experts that a router chooses; a last norm, and one product with the head gives a score for every
/// word of the vocabulary. An engine and its caches are used by one thread at a time; the engine's own threads work inside a
/// step only.
/// </remarks>
public sealed class Engine : IDisposable
{
    private readonly Checkpoint _checkpoint;
    private readonly ConditionalWeakTable<LoraAdapter, BoundAdapter> _adapters = [];
    private readonly Decoder _decoder;
    private readonly RotaryTables _rotary;
    private readonly WorkerTeam _team;
    private readonly StepLayout _layout;
    private readonly Workspace _workspace;
    private readonly StepResult _result;
    private readonly StepContext _context;
    private long _step;
    private int _running;
    private bool _disposed;

    private Engine(Checkpoint checkpoint, EngineOptions options)
    {
        _checkpoint = checkpoint;
        Config = checkpoint.Config;
        EosTokenIds = [.. Config.EosTokenIds.Union(checkpoint.Generation?.EosTokenIds ?? [])];
        ContextLength = options.ContextLength ?? Config.ContextLength;
        Threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        bool usesDistances = Config.Attention.AlibiMaxBias > 0 || RelativePositions.AreUsed(Config.Attention);
        KvLayout pages = new(Config.LayerCount, new AttentionShape(Config), FormatOf(options.KeyValueFormat), options.PageSize, usesDistances);
        DecoderWeights weights = new(checkpoint, options.VerifyWeights, ContextLength);
        Pages = new KvPagePool(pages, options.KeyValueMemory ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2);
        _rotary = new RotaryTables(Config, ContextLength);
        _decoder = new Decoder(Config, weights, _rotary, pages);
        _team = new WorkerTeam(Threads);
        _layout = new StepLayout(Config, _rotary, options.Adapter is { } standard ? Bind(standard) : null, Bind);
        _workspace = new Workspace(Config, options.PageSize, Threads, options.ActivationPrecision);
        _result = new StepResult(Config);
        _context = new StepContext(_team, _layout, _workspace, _result, options.ProductInputs);
    }

    /// <summary>The architecture.</summary>
    public ModelConfig Config { get; }

    /// <summary>Tokens that end a text: those of the configuration, and those that the makers' settings for generation add (Phi-3's end of a turn).</summary>
    public ImmutableArray<int> EosTokenIds { get; }

    /// <summary>Longest sequence in tokens.</summary>
    public int ContextLength { get; }

    /// <summary>Threads that compute.</summary>
    public int Threads { get; }

    /// <summary>The memory of all sequences.</summary>
    public KvPagePool Pages { get; }

    /// <summary>Builds the decoder over a checkpoint's tensors.</summary>
    /// <param name="checkpoint">The model; stays the caller's to dispose, after the engine.</param>
    /// <param name="options">How to use the machine, or null for the defaults.</param>
    /// <exception cref="InvalidCheckpointException">A tensor is missing, misshapen, or (when asked for) has NaN in it.</exception>
    /// <exception cref="InvalidInputException">An option is out of range or does not fit the model.</exception>
    public static Engine Open(Checkpoint checkpoint, EngineOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        options ??= new EngineOptions();
        checkpoint.Config.Validate();
        Check(options, checkpoint.Config);
        return new Engine(checkpoint, options);
    }

    /// <summary>An empty sequence.</summary>
    public KvCache CreateCache()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new KvCache(Pages, ContextLength);
    }

    /// <summary>
    /// Runs all slices of a batch through the model, appends them to their caches and computes what was asked for. Either
    /// everything happens or nothing: after any exception all caches are as they were.
    /// </summary>
    /// <param name="batch">The slices; may be reused afterwards.</param>
    /// <param name="cancellationToken">Looked at between layers.</param>
    /// <returns>The results, valid until the next step.</returns>
    /// <exception cref="ContextOverflowException">A sequence would become longer than the context.</exception>
    /// <exception cref="KvMemoryExhaustedException">There are too few free pages.</exception>
    /// <exception cref="InvalidInputException">A token id or a plan does not fit the model, or a router's logits are not finite.</exception>
    /// <exception cref="OperationCanceledException">The step was canceled.</exception>
    public StepResult Step(Batch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Interlocked.CompareExchange(ref _running, 1, 0) != 0)
        {
            throw new InvalidOperationException("The engine is in a step: only one thread at a time may call it.");
        }

        try
        {
            Check(batch);
            Compute(batch, cancellationToken);
            return _result;
        }
        catch
        {
            _result.Invalidate();
            throw;
        }
        finally
        {
            _layout.Clear();
            Volatile.Write(ref _running, 0);
        }
    }

    /// <summary>Stops the threads and frees all memory, the caches' too.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _team.Dispose();
            _result.Dispose();
            _workspace.Dispose();
            _layout.Dispose();
            _rotary.Dispose();
            Pages.Dispose();
        }
    }

    // Once for each adapter; it is let go of when nobody else holds it.
    private BoundAdapter Bind(LoraAdapter adapter)
    {
        if (!_adapters.TryGetValue(adapter, out BoundAdapter? bound))
        {
            bound = new BoundAdapter(adapter, _checkpoint);
            _adapters.Add(adapter, bound);
        }

        return bound;
    }

    private void Compute(Batch batch, CancellationToken cancellationToken)
    {
        try
        {
            foreach (ref readonly SequenceSlice slice in batch.Slices)
            {
                slice.Cache.Reserve(slice.Count);
                slice.Cache.MarkGaps(slice.Count, slice.Plan?.Schedule);
            }

            _result.Prepare(batch);
            _layout.Prepare(batch, _result);
            _workspace.Ensure(_layout);
            Work work = new(_decoder, _context, cancellationToken);
            _team.Run(ref work);
        }
        catch
        {
            foreach (ref readonly SequenceSlice slice in batch.Slices)
            {
                slice.Cache.ReleaseUnused();
            }

            throw;
        }

        foreach (ref readonly SequenceSlice slice in batch.Slices)
        {
            slice.Cache.Commit(slice.Count);
        }
    }

    private void Check(Batch batch)
    {
        if (batch.Count == 0)
        {
            throw new ArgumentException("The batch is empty.", nameof(batch));
        }

        _step++;
        long needed = 0;
        for (int index = 0; index < batch.Count; index++)
        {
            ref readonly SequenceSlice slice = ref batch.Slices[index];
            KvCache cache = slice.Cache;
            if (cache.Pool != Pages)
            {
                throw new ArgumentException($"The cache of slice {index} belongs to another engine.", nameof(batch));
            }

            if (!cache.Enter(_step))
            {
                throw new ArgumentException($"The cache of slice {index} appears twice in the batch.", nameof(batch));
            }

            if (slice.Count > ContextLength - cache.Length)
            {
                throw new ContextOverflowException(cache.Length, slice.Count, ContextLength);
            }

            Check(batch.TokensOf(index), index);
            if (Config.IsEncoder)
            {
                CheckEncoded(slice, index);
            }

            if (slice.Plan is { } plan)
            {
                PlanGuard.Check(plan, slice, index, Config);
                if (plan.Adapter is { } adapter)
                {
                    Bind(adapter);
                }
            }

            needed += cache.PagesNeeded(slice.Count);
        }

        if (needed > Pages.Available)
        {
            throw new KvMemoryExhaustedException(needed, Pages.Available, Pages.Capacity, Pages.PageBytes);
        }
    }

    private void Check(ReadOnlySpan<int> tokens, int slice)
    {
        for (int position = 0; position < tokens.Length; position++)
        {
            if ((uint)tokens[position] >= (uint)Config.VocabularySize)
            {
                throw new InvalidInputException(
                    $"Token {position} of slice {slice} has the id {tokens[position]}, the model's vocabulary has ids 0 to {Config.VocabularySize - 1}. "
                    + "Encode the text with the model's own tokenizer.");
            }
        }
    }

    private static void CheckEncoded(in SequenceSlice slice, int index)
    {
        if (slice.Plan is { LogitPositions.IsDefault: false } plan ? plan.LogitPositions.Length > 0 : slice.Logits != LogitsWanted.None)
        {
            throw new InvalidInputException(
                $"Slice {index} wants logits, but the model is an encoder and has no output head. Ask for none, and for hidden states in the plan.");
        }

        if (slice.Cache.Length > 0)
        {
            throw new InvalidInputException(
                $"Slice {index} continues a sequence of {slice.Cache.Length} tokens, but the model is an encoder, whose tokens see those after them. "
                + "Give the whole sequence in one slice.");
        }
    }

    private static void Check(EngineOptions options, ModelConfig config)
    {
        if (options.Threads is < 0 or > 1024)
        {
            throw new InvalidInputException($"{options.Threads} threads: give 1 to 1024, or 0 for one per processor.");
        }

        if (options.PageSize is < 8 or > 64 || !BitOperations.IsPow2(options.PageSize))
        {
            throw new InvalidInputException($"Key-value pages of {options.PageSize} tokens: give 8, 16, 32 or 64.");
        }

        if (options.ContextLength is < 1)
        {
            throw new InvalidInputException($"A context of {options.ContextLength} tokens: give at least 1.");
        }

        int positions = config.LearnedPositions - config.PositionOffset;
        if (config.LearnedPositions > 0 && options.ContextLength > positions)
        {
            throw new InvalidInputException($"A context of {options.ContextLength} tokens: the model has learned {positions} positions, give at most as many.");
        }

        if (options.KeyValueMemory is < 0)
        {
            throw new InvalidInputException($"Key-value memory of {options.KeyValueMemory} bytes: give at least 0.");
        }

        AttentionShape shape = new(config);
        int block = FormatOf(options.KeyValueFormat).BlockLength;
        if (shape.KeySize % block != 0 || shape.ValueSize % block != 0)
        {
            throw new InvalidInputException(
                $"Keys and values in {options.KeyValueFormat} need heads of a multiple of {block} elements, the model's have {shape.KeySize}. Store them as F16.");
        }
    }

    private static StorageFormat FormatOf(KeyValueFormat format) => format switch
    {
        KeyValueFormat.F32 => StorageFormats.F32,
        KeyValueFormat.F16 => StorageFormats.F16,
        KeyValueFormat.Q8_0 => StorageFormats.Q8_0,
        _ => throw new InvalidInputException($"There is no key-value format {(int)format}."),
    };

    private readonly struct Work(Decoder decoder, StepContext context, CancellationToken cancellationToken) : ITeamWork
    {
        public void Execute(int worker, int workers) => decoder.Run(new Worker(context, worker, workers), cancellationToken);
    }
}
