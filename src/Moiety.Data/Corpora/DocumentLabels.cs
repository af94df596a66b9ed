namespace Moiety.Data.Corpora;

/// <summary>What a line of a .jsonl corpus says of its text beside it; null where the line does not say.</summary>
/// <param name="Kind">The kind of document, from <c>kind</c>.</param>
/// <param name="Register">How people talk in it, from <c>register</c>.</param>
/// <param name="Language">The language that it is about, from <c>language</c>.</param>
public sealed record DocumentLabels(string? Kind, string? Register, string? Language);
