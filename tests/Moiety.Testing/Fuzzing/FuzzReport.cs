namespace Moiety.Testing.Fuzzing;

/// <summary>What came of many damaged files.</summary>
/// <param name="Accepted">Files that were read: the damage was harmless, or to the weights only.</param>
/// <param name="Refused">Files that were refused with a clean error.</param>
/// <param name="Failures">Files that crashed the reader, took it too long or too much memory, with the seed that makes them again.</param>
public sealed record FuzzReport(int Accepted, int Refused, IReadOnlyList<string> Failures);
