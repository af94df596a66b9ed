using Moiety.Experiments.Statistics;

namespace Moiety.Experiments.Claims;

/// <summary>What came out for a claim.</summary>
/// <param name="Claim">The claim.</param>
/// <param name="Figure">The figure over seeds, or null where no seed has one.</param>
/// <param name="Missing">Seeds that were trained and have no figure, such as a loss that was never reached.</param>
/// <param name="Verdict">Whether it holds.</param>
public sealed record ClaimOutcome(Claim Claim, Interval? Figure, int Missing, Verdict Verdict);
