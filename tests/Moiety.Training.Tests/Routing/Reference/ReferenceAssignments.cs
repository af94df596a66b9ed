namespace Moiety.Training.Tests.Routing.Reference;

/// <summary>What a gate should have decided.</summary>
/// <param name="Weights">[tokens][experts]: the weight of each kept assignment, null elsewhere.</param>
/// <param name="Load">Per expert, the choices before drops.</param>
/// <param name="Dropped">Choices that did not fit.</param>
/// <param name="Losses">The losses by name.</param>
internal sealed record ReferenceAssignments(double?[][] Weights, int[] Load, int Dropped, Dictionary<string, double> Losses);
