using System.Buffers;
using Moiety.Models;

namespace Moiety.Decoding.Processors;

/// <summary>
/// Mirostat (Basu et al., arXiv 2007.14966): cuts the distribution so that the surprise of the chosen tokens stays near a target,
/// learning from each token: μ starts at twice the target τ and moves by η times the error. Version 1 estimates Zipf's exponent
/// from the likeliest 100 tokens and keeps the number of tokens that gives a surprise of μ; version 2 keeps the tokens with a
/// surprise of at most μ bits. The likeliest token stays. μ belongs to the text, not to the processor.
/// </summary>
public sealed class Mirostat : LogitsProcessor
{
    // How many of the likeliest tokens the exponent is estimated from: m in the paper's algorithm.
    private const int EstimationTokens = 100;
    private const double Log2E = 1.4426950408889634;

    /// <summary>Creates the processor.</summary>
    /// <param name="version">1 or 2.</param>
    /// <param name="target">τ, the surprise to keep, in bits per token; above 0. The paper's default is 3, llama.cpp's 5.</param>
    /// <param name="rate">η, how fast it learns: above 0, at most 1.</param>
    /// <exception cref="InvalidInputException">A number is out of range.</exception>
    public Mirostat(int version, double target, double rate)
    {
        if (version is not (1 or 2))
        {
            throw new InvalidInputException($"mirostat must be 1 or 2, not {version}.");
        }

        if (!(target > 0) || !double.IsFinite(target))
        {
            throw new InvalidInputException($"mirostat-tau must be a number above 0, not {target}.");
        }

        if (!(rate > 0 && rate <= 1))
        {
            throw new InvalidInputException($"mirostat-eta must be above 0 and at most 1, not {rate}.");
        }

        Version = version;
        Target = target;
        Rate = rate;
    }

    /// <summary>1 or 2.</summary>
    public int Version { get; }

    /// <summary>τ: the surprise to keep, in bits per token.</summary>
    public double Target { get; }

    /// <summary>η: how fast it learns.</summary>
    public double Rate { get; }

    /// <summary>One number: μ - 2τ.</summary>
    public override int MemorySize => 1;

    internal static LogitsProcessorDefinition Definition { get; } = new(
        [
            new("mirostat", "Keep the surprise of the text near a target: version 1 or 2", ParameterKind.WholeNumber),
            new("mirostat-tau", "The target, in bits per token", Default: 5),
            new("mirostat-eta", "How fast mirostat learns", Default: 0.1),
        ],
        true,
        settings => new Mirostat((int)settings.Number("mirostat"), settings.Number("mirostat-tau"), settings.Number("mirostat-eta")))
    {
        Excludes = ["top-n-sigma", "top-k", "top-p", "min-p", "typical-p", "epsilon-cutoff", "eta-cutoff", "xtc-probability"],
        ExclusionReason = "mirostat finds the cut itself, from the surprise of the tokens that came out; another cut would change that surprise",
    };

    /// <inheritdoc/>
    public override void Process(in DecodingState state, Span<float> logits)
    {
        double mu = (2 * Target) + state.Memory[0];
        if (Version == 2)
        {
            // Surprise above mu bits is a probability below 2^-mu.
            using Softmax softmax = new(logits);
            softmax.Cut(logits, PortableMath.ExpOfAny(-mu / Log2E));
        }
        else
        {
            TopK.Cut(logits, CountFor(mu, logits));
        }
    }

    /// <inheritdoc/>
    public override void Observe(in DecodingState state, ReadOnlySpan<float> logits, int token)
    {
        using Softmax softmax = new(logits);
        double surprise = (softmax.LogNormalizer - logits[token]) * Log2E;
        state.Memory[0] -= Rate * (surprise - Target);
    }

    // Zipf's law p_i ~ i^-s: ln(p_i / p_i+1) = s ln((i + 1) / i), so s is a least-squares slope through the origin.
    private static int CountFor(double mu, ReadOnlySpan<float> logits)
    {
        int count = Math.Min(EstimationTokens, logits.Length - logits.Count(float.NegativeInfinity));
        float[] rented = ArrayPool<float>.Shared.Rent(count);
        Span<float> largest = rented.AsSpan(0, count);
        TopK.Largest(logits, largest);
        largest.Sort();
        double products = 0;
        double squares = 0;
        for (int rank = 1; rank < count; rank++)
        {
            double step = PortableMath.Log((rank + 1.0) / rank);
            products += step * ((double)largest[^rank] - largest[^(rank + 1)]);
            squares += step * step;
        }

        ArrayPool<float>.Shared.Return(rented);
        double exponent = products / squares;
        double excess = exponent - 1;

        // k = (excess 2^mu / (1 - N^-excess))^(1/s). The fraction is positive on both sides of 1, and 1 / ln N at 1 itself.
        double logVocabulary = PortableMath.Log(logits.Length);
        double fraction = Math.Abs(excess) < 1e-9 ? 1 / logVocabulary : excess / (1 - PortableMath.ExpOfAny(-excess * logVocabulary));
        double logCount = (PortableMath.Log(fraction) + (mu / Log2E)) / exponent;

        // Equal scores have no exponent (0 / 0, or a slope of 0): all tokens stay.
        return count < 2 ? 1
            : !(exponent > 0) ? logits.Length
            : (int)Math.Clamp(PortableMath.ExpOfAny(logCount), 1, logits.Length);
    }
}
