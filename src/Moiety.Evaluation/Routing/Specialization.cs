namespace Moiety.Evaluation.Routing;

/// <summary>How much the choice of an expert says about something that is known of the token.</summary>
/// <param name="About">What is known: <c>token kind</c>, or a label of the document: <c>kind</c>, <c>register</c>, <c>language</c>.</param>
/// <param name="Labels">Its values that occurred.</param>
/// <param name="MutualInformation">Bits, from the counts as they are.</param>
/// <param name="Baseline">
/// Bits that counts of this size give without any relation: by formula for kinds of tokens, and for labels of documents by giving the
/// labels to other documents, since the tokens of one document are not independent of each other.
/// </param>
public sealed record Specialization(string About, int Labels, double MutualInformation, double Baseline)
{
    /// <summary>Bits above the baseline, 0 at least.</summary>
    public double Bits => Math.Max(0, MutualInformation - Baseline);
}
