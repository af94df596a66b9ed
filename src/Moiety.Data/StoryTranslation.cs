namespace Moiety.Data;

/// <summary>A sentence of a toy language aligned with its English.</summary>
/// <param name="Language">The toy language's name.</param>
/// <param name="English">The English sentence.</param>
/// <param name="Text">The same in the toy language.</param>
/// <param name="Event">The index of the event that both tell.</param>
public sealed record StoryTranslation(string Language, string English, string Text, int Event);
