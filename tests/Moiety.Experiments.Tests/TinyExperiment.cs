using Moiety.Experiments.Definitions;
using Moiety.Experiments.Running;

namespace Moiety.Experiments.Tests;

/// <summary>An experiment that runs in seconds: two arms, two seeds, four steps.</summary>
internal static class TinyExperiment
{
    internal const string Json = """
        {
          // Comments are allowed.
          "title": "Tiny", "question": "Does it run?", "paper": "nothing",
          "data": {
            "train": { "seed": 1, "documents": 60 },
            "validation": { "seed": 2, "documents": 6 },
            "tokenizer": { "vocabulary_size": 280 },
          },
          "seeds": [1, 2],
          "base": {
            "model": { "hidden_size": 16, "heads": 2, "context_length": 32, "layers": [{ "repeat": 2, "intermediate_size": 24 }] },
            "training": { "batch_size": 2, "steps": 4, "threads": 1 },
            "optimizer": { "learning_rate": 1e-2, "warmup_steps": 2, "clip_norm": null },
            "intervals": { "log": 1, "evaluation": 2 },
          },
          "arms": {
            "dense": {},
            "moe": { "about": "4 experts", "overrides": { "model": { "layers": [{ "intermediate_size": 24 }, { "experts": 4, "expert_size": 24 }] } } },
          },
          "comparison": { "reference": "dense", "target": "dense" },
          "claims": [
            { "claim": "flops-to-loss", "arm": "moe", "against": "dense", "at_least": 1 },
            { "claim": "parameter-ratio", "arm": "dense", "against": "moe", "at_least": 1 },
          ],
          "large": { "seeds": [7], "base": { "model": { "hidden_size": 32 } }, "arms": { "moe": null }, "claims": [] },
        }
        """;

    /// <summary>The experiment with a student of its second arm.</summary>
    internal static string WithStudent(string distillation = "\"teacher\": \"arm:moe\", \"stop_step\": 2") => Json.Replace(
        "\"dense\": {},",
        $$"""
        "student": {
          "overrides": {
            "model": { "layers": [{ "intermediate_size": 24 }] },
            "distillation": { {{distillation}} },
          },
        },
        "dense": {},
        """,
        StringComparison.Ordinal);

    /// <summary>The experiment with models to serve.</summary>
    internal static string WithServing(string serving) => Json.Replace("\"claims\": [\n", $"\"serving\": {{ {serving} }},\n  \"claims\": [\n", StringComparison.Ordinal);

    internal static Experiment Read(string json = Json, bool large = false) => ExperimentReader.Parse(json, "tiny", "tiny.json", large);

    /// <summary>A result that nobody trained.</summary>
    internal static ArmResult Result(string arm, long seed, double loss, long parameters = 1000, int layers = 4, double flops = 1e6, double processorSeconds = 10, params (double Flops, double Loss)[] curve) => new()
    {
        Arm = arm,
        Seed = seed,
        Key = $"{arm}-{seed}",
        Parameters = parameters,
        ActiveParameters = parameters,
        ExpertParameters = 0,
        Layers = layers,
        FlopsPerToken = flops / 1000,
        TrainingFlops = flops,
        Tokens = 1000,
        Seconds = processorSeconds,
        ProcessorSeconds = processorSeconds,
        Threads = 1,
        Loss = loss,
        LossWithDrops = loss,
        Dropped = 0,
        ExpertLoads = [],
        Curve = curve.Length == 0
            ? [new CurvePoint(1, 1000, flops, processorSeconds, processorSeconds, loss)]
            : [.. curve.Select((point, index) => new CurvePoint(index + 1, index + 1, point.Flops, point.Flops / 1e5, point.Flops / 1e5, point.Loss))],
    };
}
