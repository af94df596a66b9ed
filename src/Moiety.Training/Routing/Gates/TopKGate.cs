using System.Runtime.InteropServices;
using Moiety.Models.Configuration;
using Moiety.Numerics.Randomness;
using Moiety.Training.Losses;
using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Routing.Gates;

/// <summary>
/// The k experts with the best scores, softmax over all experts or a sigmoid for each, within the limits of groups and with the bias for
/// the choice where the model has them. The weight of an expert is its score, divided by the sum over the kept choices where the model
/// normalizes. In evaluation it chooses as the engine does. Gates that differ in one of the steps derive from it.
/// </summary>
internal class TopKGate : IGate
{
    private readonly TopKOptions _options;

    /// <summary>A gate of a layer.</summary>
    /// <param name="site">The layer.</param>
    /// <param name="options">What it was told, or null for the defaults.</param>
    internal TopKGate(GateSite site, TopKOptions? options = null)
    {
        Site = site;
        _options = options ?? TopKOptions.DefaultFor(GateRegistry.All[0], site.Config);
    }

    /// <summary>Where the gate stands.</summary>
    protected GateSite Site { get; }

    /// <summary>The experts of the layer.</summary>
    protected MoeConfig Config => Site.Config;

    /// <inheritdoc/>
    public ExpertRouting Route(GateInput input)
    {
        Tensor logits = Logits(input);
        bool sigmoid = Config.Gating == GatingKind.Sigmoid;
        Tensor scores = sigmoid ? logits.sigmoid() : logits.softmax(1);
        float[] values = input.Read(scores);
        ExpertChoices choices = Choose(logits, values, input);
        if (input.Capacity is { } capacity)
        {
            Xoshiro256 random = input.Random(RandomPurposes.Drop);
            choices.Limit(capacity, values, input.UsedTokens, ref random);
        }

        RoutingTable table = choices.Sort();
        IReadOnlyList<RouterLoss> losses = [];
        if (input.IsTraining && input.UsedTokens > 0)
        {
            // Sigmoids do not sum to 1: their shares do (DeepSeek-V3, arXiv 2412.19437, eq. 19).
            Tensor probabilities = sigmoid ? scores / scores.sum(1, keepdim: true).AtLeast(1e-20) : scores;
            losses = Losses(input, logits, probabilities, choices, table);
        }

        return new TableRouting(table, Weigh(logits, scores, table))
        {
            Losses = losses,
            Statistics = new RouterStatistics(Site.Layer, ImmutableCollectionsMarshal.AsImmutableArray(table.ChosenCounts), table.Dropped),
        };
    }

    /// <inheritdoc/>
    public virtual void AfterStep()
    {
    }

    /// <summary>The logits that choice, weights and losses go by.</summary>
    protected virtual Tensor Logits(GateInput input) => input.IsTraining && _options.Noise == NoisePolicy.Jitter
        ? input.Router(input.Rows * RandomTensors.Uniform(input.Rows, 1 - _options.Jitter, 1 + _options.Jitter, input.Random(RandomPurposes.Jitter)))
        : input.Logits;

    /// <summary>The experts of every token, before drops.</summary>
    /// <param name="logits">[tokens, experts].</param>
    /// <param name="scores">[tokens, experts], row-major: their softmax or sigmoids.</param>
    /// <param name="input">The pass.</param>
    protected virtual ExpertChoices Choose(Tensor logits, float[] scores, GateInput input)
    {
        float[] ranked = scores;
        if (input.IsTraining && _options.Noise == NoisePolicy.RSample)
        {
            ranked = input.Read(logits);
            Xoshiro256 random = input.Random(RandomPurposes.Gumbel);
            RandomTensors.AddGumbel(ranked, ref random);
        }
        else if (Config.SelectionBias || Config.GroupTopK < Config.GroupCount)
        {
            ranked = [.. scores];
            GroupLimit.Apply(Config, Config.SelectionBias ? HostValues.Read(Site.Store.View(TensorNames.SelectionBias(Site.Layer))) : [], ranked);
        }

        return ExpertChoices.Best(ranked, Config.ExpertCount, Config.TopK, input.Used.Span);
    }

    /// <summary>The weights of the kept assignments.</summary>
    protected virtual Tensor Weigh(Tensor logits, Tensor scores, RoutingTable table) =>
        AssignmentWeights.Of(scores, table, Config.NormalizeTopK, Config.WeightScale);

    /// <summary>The losses of a pass of training.</summary>
    /// <param name="input">The pass.</param>
    /// <param name="logits">[tokens, experts].</param>
    /// <param name="probabilities">[tokens, experts]: shares of the scores.</param>
    /// <param name="choices">All choices.</param>
    /// <param name="table">What was kept of them.</param>
    protected virtual IReadOnlyList<RouterLoss> Losses(GateInput input, Tensor logits, Tensor probabilities, ExpertChoices choices, RoutingTable table) =>
    [
        new RouterLoss(RouterLossNames.Balance, Balance(input, probabilities, table)),
        new RouterLoss(RouterLossNames.Z, RouterZLoss.Compute(input.OnlyUsed(logits))),
    ];

    /// <summary>The load-balancing loss over the tokens that count.</summary>
    protected Tensor Balance(GateInput input, Tensor probabilities, RoutingTable table) => _options.Balance == BalancedChoices.First
        ? LoadBalancingLoss.Compute(input.OnlyUsed(probabilities), table.FirstChoiceCounts)
        : LoadBalancingLoss.Compute(input.OnlyUsed(probabilities), table.ChosenCounts, Config.TopK);
}
