using Moiety.Decoding;

namespace Moiety.Cli.Options;

/// <summary>How the user wants tokens chosen.</summary>
/// <param name="Options">The options.</param>
/// <param name="Seed">The seed, given or drawn; null when nothing is random.</param>
internal sealed record SamplingChoice(GenerationOptions Options, ulong? Seed);
