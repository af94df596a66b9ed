using Moiety.Models.Configuration;
using Moiety.Training.Modules;

namespace Moiety.Training.Routing;

/// <summary>Where a gate is built: it may declare parameters of its own while the model declares its own.</summary>
/// <param name="Store">Where parameters live.</param>
/// <param name="Config">The experts of the layer.</param>
/// <param name="Hidden">Width of what the router reads.</param>
/// <param name="Layer">The layer.</param>
/// <param name="Vocabulary">Token ids of the model.</param>
internal sealed record GateSite(ParameterStore Store, MoeConfig Config, int Hidden, int Layer, int Vocabulary = 0);
