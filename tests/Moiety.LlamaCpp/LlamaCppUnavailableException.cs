namespace Moiety.LlamaCpp;

/// <summary>The prebuilt llama.cpp can't be had on this machine; the message says why.</summary>
public sealed class LlamaCppUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
