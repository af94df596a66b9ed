namespace Moiety.Models.Hub;

/// <summary>A model in the cache.</summary>
/// <param name="Id">Owner and name.</param>
/// <param name="Bytes">What all its revisions take together.</param>
/// <param name="Revisions">How many revisions are there.</param>
/// <param name="IsIncomplete">Whether a download of it did not end.</param>
/// <param name="Changed">When a file of it was downloaded last.</param>
public sealed record HubCachedModel(string Id, long Bytes, int Revisions, bool IsIncomplete, DateTime Changed);
