namespace Moiety.Models.Tokenizers.Patterns;

/// <summary>A regular expression is malformed, or uses what is not supported; the message says what.</summary>
internal sealed class PatternException(string message) : Exception(message);
