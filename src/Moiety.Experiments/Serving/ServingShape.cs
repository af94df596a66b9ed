using Moiety.Models.Configuration;

namespace Moiety.Experiments.Serving;

/// <summary>A model of random weights whose speed is measured: at sizes that no one trains for an experiment.</summary>
/// <param name="Name">Its name.</param>
/// <param name="About">What it is, for a reader of the report; may be empty.</param>
/// <param name="Config">The architecture.</param>
public sealed record ServingShape(string Name, string About, ModelConfig Config);
