using Moiety.Models.Adapters;

namespace Moiety.Decoding;

/// <summary>One text to generate.</summary>
/// <param name="Prompt">What it goes on from; empty starts a new text.</param>
/// <param name="Stream">
/// Number of the random stream: samples of one prompt take 0, 1, 2, … and come out the same whichever of them are asked for together.
/// </param>
/// <param name="Adapter">A low-rank adapter for this text alone, or null.</param>
public sealed record GenerationRequest(string Prompt, int Stream = 0, LoraAdapter? Adapter = null);
