namespace Moiety.Data;

/// <summary>How far the writing of a corpus is.</summary>
/// <param name="Documents">Documents written.</param>
/// <param name="TextBytes">Bytes of text (UTF-8) in them.</param>
public readonly record struct StoryWorldProgress(long Documents, long TextBytes);
