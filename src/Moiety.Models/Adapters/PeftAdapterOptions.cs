using System.Collections.Immutable;

namespace Moiety.Models.Adapters;

/// <summary>What the configuration of an adapter's folder says beside its sizes.</summary>
/// <param name="BaseModel">The model that it was trained on: a path, or a name on the hub.</param>
/// <param name="Targets">The modules that it changes, as the training named them.</param>
/// <param name="Dropout">Dropout of the training.</param>
public sealed record PeftAdapterOptions(string BaseModel, ImmutableArray<string> Targets, double Dropout = 0);
