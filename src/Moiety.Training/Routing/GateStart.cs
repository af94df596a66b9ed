namespace Moiety.Training.Routing;

/// <summary>What a gate may use when a model is initialized.</summary>
/// <param name="Seed">Seed of the initialization.</param>
/// <param name="TokenCounts">Counts how often each token id occurs in the training corpus, [vocabulary]; null where there is no corpus.</param>
internal sealed record GateStart(ulong Seed, Func<long[]>? TokenCounts);
