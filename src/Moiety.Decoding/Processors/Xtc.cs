using Moiety.Decoding.Samplers;
using Moiety.Models;

namespace Moiety.Decoding.Processors;

/// <summary>
/// Exclude Top Choices (p-e-w, text-generation-webui pull request 6335): with some probability, forbids all tokens that are at
/// least as likely as a threshold but the least likely of them, so that a text leaves the beaten track where the model sees
/// more than one way on. Among equals the lower id ranks first. Whether it does so at a token is a function of (seed, stream,
/// step), independent of the sampler's draws.
/// </summary>
public sealed class Xtc : LogitsProcessor
{
    // Sets the draws apart from the sampler's, which has the same seed.
    private const ulong Domain = 0x5854_4320_6472_6177;

    /// <summary>Creates the processor.</summary>
    /// <param name="probability">How often it acts, from 0 (never) to 1 (at each token).</param>
    /// <param name="threshold">How likely a top choice is at least, from 0 on; above 0.5 there is at most one, so nothing happens. At most 1.</param>
    /// <param name="seed">Any number; the same one acts at the same tokens.</param>
    /// <exception cref="InvalidInputException">A number is out of range.</exception>
    public Xtc(double probability, double threshold, ulong seed)
    {
        if (!(probability >= 0 && probability <= 1))
        {
            throw new InvalidInputException($"xtc-probability must be from 0 to 1, not {probability}.");
        }

        if (!(threshold >= 0 && threshold <= 1))
        {
            throw new InvalidInputException($"xtc-threshold must be from 0 to 1, not {threshold}.");
        }

        Probability = probability;
        Threshold = threshold;
        Seed = seed;
    }

    /// <summary>How often it acts.</summary>
    public double Probability { get; }

    /// <summary>How likely a top choice is at least.</summary>
    public double Threshold { get; }

    /// <summary>The seed.</summary>
    public ulong Seed { get; }

    internal static LogitsProcessorDefinition Definition { get; } = new(
        [
            new("xtc-probability", "How often to exclude the top choices: all tokens above the threshold but the least likely of them"),
            new("xtc-threshold", "How likely a top choice is at least", Default: 0.1),
        ],
        true,
        settings => new Xtc(settings.Number("xtc-probability"), settings.Number("xtc-threshold"), settings.Seed));

    /// <inheritdoc/>
    public override void Process(in DecodingState state, Span<float> logits)
    {
        if (CounterRandom.Uniform(Seed ^ Domain, (uint)state.Stream, (uint)state.Step) >= Probability)
        {
            return;
        }

        using Softmax softmax = new(logits);
        double least = Threshold * softmax.Total;
        int kept = -1;
        for (int id = 0; id < logits.Length; id++)
        {
            if (IsTop(softmax.Weights[id], least) && (kept < 0 || logits[id] <= logits[kept]))
            {
                kept = id;
            }
        }

        for (int id = 0; id < logits.Length; id++)
        {
            if (id != kept && IsTop(softmax.Weights[id], least))
            {
                logits[id] = float.NegativeInfinity;
            }
        }
    }

    private static bool IsTop(double weight, double least) => weight > 0 && weight >= least;
}
