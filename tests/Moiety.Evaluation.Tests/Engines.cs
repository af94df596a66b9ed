using Moiety.Inference;
using Moiety.Inference.KeyValues;

namespace Moiety.Evaluation.Tests;

/// <summary>Engines for small models: one thread, which never waits for another, and exact keys and values.</summary>
internal static class Engines
{
    public static EngineOptions Small { get; } = new() { Threads = 1, KeyValueFormat = KeyValueFormat.F32 };
}
