namespace Moiety.Models.Adapters;

/// <summary>What the configuration of an adapter says about its experts.</summary>
/// <param name="Experts">Experts of each matrix.</param>
/// <param name="TopK">Experts per token.</param>
/// <param name="NormalizeTopK">Whether the weights of the chosen ones are divided by their sum.</param>
internal sealed record AdapterMixture(int Experts, int TopK, bool NormalizeTopK);
