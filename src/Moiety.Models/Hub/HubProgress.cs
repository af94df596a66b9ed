namespace Moiety.Models.Hub;

/// <summary>How far a download is.</summary>
/// <param name="BytesDone">Bytes that are here, verified or not.</param>
/// <param name="TotalBytes">Bytes of all files.</param>
/// <param name="FilesDone">Files that are here and verified.</param>
/// <param name="TotalFiles">All files.</param>
/// <param name="Note">Why it waits, or null.</param>
public sealed record HubProgress(long BytesDone, long TotalBytes, int FilesDone, int TotalFiles, string? Note = null);
