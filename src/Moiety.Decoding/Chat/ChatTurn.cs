namespace Moiety.Decoding.Chat;

/// <summary>A message of the user and the answer to it.</summary>
/// <param name="Message">What the user said.</param>
/// <param name="Answer">The answer, or null while there is none.</param>
public sealed record ChatTurn(string Message, string? Answer = null);
