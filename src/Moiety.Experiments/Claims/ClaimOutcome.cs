using Moiety.Experiments.Statistics;

namespace Moiety.Experiments.Claims;

/// <summary>What came out for a claim.</summary>
/// <param name="Claim">The claim as a sentence.</param>
/// <param name="Unit">Unit of the figure.</param>
/// <param name="Figure">The figure over runs, or null where no run has one.</param>
/// <param name="Missing">Runs that were done and have no figure, such as a loss that was never reached.</param>
/// <param name="Verdict">Whether it holds.</param>
public sealed record ClaimOutcome(string Claim, string Unit, Interval? Figure, int Missing, Verdict Verdict);
