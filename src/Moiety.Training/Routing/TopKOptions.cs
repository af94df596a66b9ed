using Moiety.Models.Configuration;
using Moiety.Training.Configuration;

namespace Moiety.Training.Routing;

/// <summary>What gates that choose by scores can be told about their training.</summary>
/// <param name="Kind">The rule.</param>
/// <param name="Balance">Which choices the load-balancing loss counts.</param>
public record TopKOptions(GateKind Kind, BalancedChoices Balance) : GateOptions(Kind)
{
    private const double DefaultJitter = 0.01;

    private static readonly Dictionary<string, NoisePolicy> Noises = new(StringComparer.Ordinal)
    {
        ["none"] = NoisePolicy.None,
        ["jitter"] = NoisePolicy.Jitter,
        ["rsample"] = NoisePolicy.RSample,
    };

    private static readonly Dictionary<string, BalancedChoices> Counted = new(StringComparer.Ordinal)
    {
        ["first"] = BalancedChoices.First,
        ["all"] = BalancedChoices.All,
    };

    /// <summary>Noise of the choice.</summary>
    public NoisePolicy Noise { get; init; }

    /// <summary>eps of <see cref="NoisePolicy.Jitter"/>, above 0 and below 1.</summary>
    public double Jitter { get; init; } = DefaultJitter;

    /// <inheritdoc/>
    internal override string Fingerprint => FormattableString.Invariant($"{Kind.Name} {Balance}/{Noise}/{Jitter}");

    /// <summary>The options of a gate that was told nothing.</summary>
    internal static TopKOptions DefaultFor(GateKind kind, MoeConfig moe) => new(kind, moe.TopK > 2 ? BalancedChoices.All : BalancedChoices.First);

    /// <summary>Reads the options.</summary>
    /// <param name="kind">The rule.</param>
    /// <param name="gate">The gate's section.</param>
    /// <param name="moe">The experts of the layer.</param>
    internal static TopKOptions Read(GateKind kind, ConfigSection gate, MoeConfig moe)
    {
        TopKOptions defaults = DefaultFor(kind, moe);
        NoisePolicy noise = gate.Choice("noise", Noises, "none");
        if (noise == NoisePolicy.RSample && (moe.Gating != GatingKind.Softmax || moe.SelectionBias || moe.GroupTopK != moe.GroupCount))
        {
            throw gate.Refuse("noise", "\"rsample\" draws experts from a softmax over all of them; sigmoid gating, a selection bias and groups choose by other scores");
        }

        return defaults with
        {
            Balance = gate.Choice("balance_over", Counted, defaults.Balance == BalancedChoices.All ? "all" : "first"),
            Noise = noise,
            Jitter = noise == NoisePolicy.Jitter ? gate.Number("jitter", 1e-6, 0.999, DefaultJitter) : DefaultJitter,
        };
    }
}
