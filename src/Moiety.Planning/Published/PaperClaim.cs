namespace Moiety.Planning.Published;

/// <summary>A figure of the paper beside the prediction.</summary>
/// <param name="Subject">What was measured, where.</param>
/// <param name="Published">What the paper says.</param>
/// <param name="Predicted">What the model of this project says.</param>
/// <param name="Holds">Whether the prediction has the paper's trend.</param>
/// <param name="Remark">What has to be known to compare the two, or empty.</param>
public sealed record PaperClaim(string Subject, string Published, string Predicted, bool Holds, string Remark);
