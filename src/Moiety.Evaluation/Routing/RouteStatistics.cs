using System.Collections.Immutable;

namespace Moiety.Evaluation.Routing;

/// <summary>How the routers of a model spread a text over their experts.</summary>
/// <param name="Documents">Documents read.</param>
/// <param name="Tokens">Tokens read.</param>
/// <param name="Layers">The Mixture-of-Experts layers, from the first to the last.</param>
public sealed record RouteStatistics(long Documents, long Tokens, ImmutableArray<LayerRoutes> Layers);
