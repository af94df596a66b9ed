using Moiety.Models.Configuration;
using Moiety.Training.Configuration;

namespace Moiety.Training.Routing;

/// <summary>
/// A rule that sends tokens to experts: what it is called, what is to be known of it, how its options are read, and what makes a gate of
/// it. One file each, listed in <see cref="GateRegistry"/>.
/// </summary>
public abstract class GateKind
{
    /// <summary>Its name in configurations.</summary>
    public abstract string Name { get; }

    /// <summary>The rule, in a line.</summary>
    public abstract string Rule { get; }

    /// <summary>What keeps the load even, in a line.</summary>
    public abstract string Balance { get; }

    /// <summary>Whether a token's experts depend on no later token: only then does the trained model compute what the served one will.</summary>
    public virtual bool IsCausal => true;

    /// <summary>Whether the router gets a gradient.</summary>
    public virtual bool IsLearned => true;

    /// <summary>Whether the engine runs the exported model.</summary>
    public virtual bool IsServed => true;

    /// <summary>Whether the rule itself keeps experts evenly loaded in training, without a loss or a bias.</summary>
    public virtual bool IsBalancedByConstruction => false;

    /// <summary>Whether a model that is trained with the rule computes the rule as the configuration describes the layer, without options.</summary>
    internal virtual bool IsDefaultFor(MoeConfig moe) => false;

    /// <summary>Rows of the router's matrix; 0 for none.</summary>
    internal virtual int RouterRows(MoeConfig moe) => moe.ExpertCount;

    /// <summary>Experts per token where a layer does not say.</summary>
    internal virtual int DefaultTopK => 1;

    /// <summary>What the rule sets in a layer unless the layer's own keys say otherwise.</summary>
    internal virtual MoeConfig Defaults(MoeConfig moe) => moe;

    /// <summary>Refuses layers that the rule cannot route.</summary>
    /// <param name="layer">The layer's section, which the error names.</param>
    /// <param name="moe">What was read from it.</param>
    internal virtual void Check(ConfigSection layer, MoeConfig moe)
    {
    }

    /// <summary>The options of a gate that was told nothing.</summary>
    internal virtual GateOptions DefaultOptions(MoeConfig moe) => new(this);

    /// <summary>Reads the options.</summary>
    /// <param name="gate">The gate's section; empty where only its name was given.</param>
    /// <param name="moe">The experts of the layer.</param>
    internal virtual GateOptions Read(ConfigSection gate, MoeConfig moe) => new(this);

    /// <summary>Makes a gate of a layer.</summary>
    internal abstract IGate Create(GateOptions options, GateSite site);

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>Refuses layers whose weights are not the softmax over the chosen logits, for gates that have no others.</summary>
    private protected void RequireSoftmaxOverChosen(ConfigSection layer, MoeConfig moe)
    {
        if (moe.Gating != GatingKind.Softmax)
        {
            throw layer.Refuse("gating", $"the gate \"{Name}\" has a softmax over the chosen experts");
        }

        if (moe.TopK == 1)
        {
            throw layer.Refuse("top_k", $"1 is not allowed with the gate \"{Name}\": the only weight would be 1 and the router would get no gradient; \"switch\" is for one expert");
        }

        if (!moe.NormalizeTopK)
        {
            throw layer.Refuse("normalize_top_k", $"false is not allowed with the gate \"{Name}\": its weights sum to 1");
        }
    }

    /// <summary>
    /// Refuses a gate that looks at later tokens unless its section says "causal": false. Such a model learns from tokens that it must not
    /// see when it generates, so nobody should get one by a mistyped name.
    /// </summary>
    private protected void RequireConsent(ConfigSection gate)
    {
        if (gate.Boolean("causal", true))
        {
            throw gate.Refuse(
                "causal",
                $"the gate \"{Name}\" routes a token by later tokens: no causal server can run the trained model, and its loss is not that of a language model. For a study, say \"causal\": false; or choose one of "
                + string.Join(", ", GateRegistry.All.Where(kind => kind.IsCausal).Select(kind => kind.Name)));
        }
    }

    /// <summary>Refuses what changes the scores or the choice among them, for rules without such.</summary>
    private protected void RefuseBeyondSoftmax(ConfigSection layer, MoeConfig moe)
    {
        RefuseBiasAndGroups(layer, moe);
        if (moe.Gating != GatingKind.Softmax)
        {
            throw layer.Refuse("gating", $"the gate \"{Name}\" has a softmax over experts, nothing else");
        }
    }

    /// <summary>Refuses a bias for the choice and groups of experts, for rules without such.</summary>
    private protected void RefuseBiasAndGroups(ConfigSection layer, MoeConfig moe)
    {
        if (moe.SelectionBias || moe.GroupCount != 1)
        {
            throw layer.Refuse(moe.SelectionBias ? "selection_bias" : "groups", $"the gate \"{Name}\" has no {(moe.SelectionBias ? "bias for the choice" : "groups of experts")}");
        }
    }
}
