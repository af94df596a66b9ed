using System.Collections.Immutable;
using Moiety.Models.Configuration;
using Moiety.Training.Adapters;
using Moiety.Training.Distillation;
using Moiety.Training.Modules;
using Moiety.Training.Optimization;
using Moiety.Training.Routing;

namespace Moiety.Training.Configuration;

/// <summary>
/// Everything that a training run depends on; two runs of the same configuration over the same files give the same weights (on the
/// same machine and number of threads). <see cref="TrainingConfigReader"/> reads it from JSON.
/// </summary>
public sealed record TrainingConfig
{
    /// <summary>The model; its vocabulary size and end tokens are the tokenizer's, unless it starts from a checkpoint.</summary>
    public required ModelConfig Model { get; init; }

    /// <summary>The gate of each layer, null in dense ones; empty for what <see cref="Model"/> describes.</summary>
    public ImmutableArray<GateOptions?> Gates { get; init; } = [];

    /// <summary>The checkpoint whose weights the run starts from, which has the configuration <see cref="Model"/>; null to start from random ones.</summary>
    public string? InitialModel { get; init; }

    /// <summary>The adapter that is trained on <see cref="InitialModel"/> in its place, which stays as it is; or null.</summary>
    public AdapterOptions? Adapter { get; init; }

    /// <summary>Corpora to train on: what <c>Corpus.Open</c> takes.</summary>
    public required ImmutableArray<string> TrainingCorpora { get; init; }

    /// <summary>Held-out corpora; may be empty.</summary>
    public ImmutableArray<string> ValidationCorpora { get; init; } = [];

    /// <summary>A <c>tokenizer.json</c>, or the folder that holds it; null for the tokenizer of <see cref="InitialModel"/>.</summary>
    public string? TokenizerPath { get; init; }

    /// <summary>Folder of the token caches, or null for a folder beside the checkpoints.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>Seed of initialization, order and drops.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Tokens per sequence.</summary>
    public required int SequenceLength { get; init; }

    /// <summary>Sequences per micro-batch.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Micro-batches per optimizer step.</summary>
    public int Accumulation { get; init; } = 1;

    /// <summary>
    /// Whether attention stays within a document where several are packed into one sequence. The model then learns from contexts as it
    /// meets them when it generates: a text of its own from the start.
    /// </summary>
    public bool IsolateDocuments { get; init; } = true;

    /// <summary>Optimizer steps of the run.</summary>
    public required long Steps { get; init; }

    /// <summary>
    /// Longest training time, over all resumed parts together; null for no limit. The schedule then runs by whichever of steps and time is
    /// further on, so that the learning rate is down when the time is up. A run with a limit is not reproducible bit by bit.
    /// </summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>Threads of libtorch and of the optimizer.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Where the model is trained: one of <see cref="TrainingDevice.Names"/>.</summary>
    public string Device { get; init; } = TrainingDevice.Cpu.Name;

    /// <summary>Type of the matrix products.</summary>
    public ComputePrecision Precision { get; init; } = ComputePrecision.BF16;

    /// <summary>Learning rate over the run.</summary>
    public required LearningRateSchedule Schedule { get; init; }

    /// <summary>The optimizer.</summary>
    public AdamWOptions Optimizer { get; init; } = new();

    /// <summary>Coefficient of the load-balancing loss.</summary>
    public double BalanceCoefficient { get; init; } = 0.01;

    /// <summary>Coefficient of the router z-loss.</summary>
    public double RouterZCoefficient { get; init; } = 0.001;

    /// <summary>Expert capacity in training, or null to drop nothing.</summary>
    public ExpertCapacity? Capacity { get; init; }

    /// <summary>What else the run learns from than its labels, or null.</summary>
    public DistillationConfig? Distillation { get; init; }

    /// <summary>Steps between two lines of metrics.</summary>
    public int LogInterval { get; init; } = 10;

    /// <summary>Steps between two evaluations; 0 for only at the end.</summary>
    public int EvaluationInterval { get; init; } = 500;

    /// <summary>Most sequences of an evaluation during the run; the final one reads all.</summary>
    public int EvaluationSequences { get; init; } = 64;

    /// <summary>Steps between two checkpoints.</summary>
    public int CheckpointInterval { get; init; } = 200;

    /// <summary>Checkpoints that are kept.</summary>
    public int KeptCheckpoints { get; init; } = 2;

    /// <summary>Tokens of one optimizer step.</summary>
    public long TokensPerStep => (long)SequenceLength * BatchSize * Accumulation;
}
