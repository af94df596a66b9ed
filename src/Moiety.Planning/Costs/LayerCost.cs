using Moiety.Models.Configuration;
using Moiety.Models.Quantization;

namespace Moiety.Planning.Costs;

/// <summary>The parameters of one layer, and the operations that a token costs in it.</summary>
public sealed record LayerCost
{
    /// <summary>Index of the layer.</summary>
    public required int Layer { get; init; }

    /// <summary>Attention: projections, their biases, sinks, relative positions. Norms of queries and keys are in <see cref="NormParameters"/>.</summary>
    public required long AttentionParameters { get; init; }

    /// <summary>The dense feed-forward, or the fixed MLP of a residual MoE with its mixing weights.</summary>
    public required long DenseParameters { get; init; }

    /// <summary>The router with its biases, or the table of hash routing.</summary>
    public required long RouterParameters { get; init; }

    /// <summary>Of <see cref="RouterParameters"/>, a table of hash routing, of which a token looks up one entry.</summary>
    public required long LookedUpParameters { get; init; }

    /// <summary>Shared experts with their gate.</summary>
    public required long SharedParameters { get; init; }

    /// <summary>Norms.</summary>
    public required long NormParameters { get; init; }

    /// <summary>One routed expert; 0 in a dense layer.</summary>
    public required long ParametersPerExpert { get; init; }

    /// <summary>Routed experts, E; 0 in a dense layer.</summary>
    public required int ExpertCount { get; init; }

    /// <summary>Experts that a token visits, k; 0 in a dense layer.</summary>
    public required int TopK { get; init; }

    /// <summary>Operations of a token's matrix products with the weights of the layer; <see cref="ForwardFlops.Scores"/> and the head are 0.</summary>
    public required ForwardFlops ProductFlops { get; init; }

    /// <summary>Operations per key that a token sees: 2 heads (head size + value head size).</summary>
    public required double ScoreFlopsPerKey { get; init; }

    /// <summary>Elements that a token leaves in the key-value cache of the layer.</summary>
    public required long KeyValueElements { get; init; }

    /// <summary>How many keys back a token sees; 0 for all.</summary>
    public required int Window { get; init; }

    /// <summary>Parameters of all routed experts.</summary>
    public long ExpertParameters => ParametersPerExpert * ExpertCount;

    /// <summary>All parameters but the routed experts'.</summary>
    public long NonExpertParameters => AttentionParameters + DenseParameters + RouterParameters + SharedParameters + NormParameters;

    /// <summary>Of <see cref="NonExpertParameters"/>, what a token's forward pass multiplies with.</summary>
    public long ActiveNonExpertParameters => NonExpertParameters - LookedUpParameters;

    /// <summary>All parameters.</summary>
    public long Parameters => NonExpertParameters + ExpertParameters;

    /// <summary>Parameters that one token's forward pass multiplies with.</summary>
    public long ActiveParameters => ActiveNonExpertParameters + (ParametersPerExpert * TopK);

    /// <summary>
    /// Expected parameters that a step of some tokens reads: all but the experts that no token visits,
    /// see <see cref="ExpertVisits.ExpectedDistinct"/>.
    /// </summary>
    /// <param name="tokens">Tokens of the step.</param>
    public double ParametersRead(double tokens) =>
        ActiveNonExpertParameters + (ExpertCount == 0 ? 0 : ParametersPerExpert * ExpertVisits.ExpectedDistinct(ExpertCount, TopK, tokens));

    /// <summary>
    /// Keys that the mean token of a sequence sees. Causal: token i sees itself and those before it, i + 1 of them, so the mean is
    /// (T + 1) / 2, half of what full attention computes; a sliding window caps each.
    /// </summary>
    /// <param name="sequenceLength">Tokens of the sequence, T.</param>
    /// <param name="causal">Whether a token sees only itself and those before it.</param>
    public double MeanKeys(int sequenceLength, bool causal)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sequenceLength, 1);
        double length = sequenceLength;
        double window = Window == 0 ? length : Math.Min(Window, length);

        // The first W tokens see 1 to W keys, each of the others W.
        double back = ((window * (window + 1) / 2) + ((length - window) * window)) / length;
        return causal ? back : (2 * back) - 1;
    }

    /// <summary>Operations of the mean token of a sequence.</summary>
    /// <param name="sequenceLength">Tokens of the sequence.</param>
    /// <param name="causal">Whether a token sees only itself and those before it.</param>
    public ForwardFlops Forward(int sequenceLength, bool causal) =>
        ProductFlops with { Scores = ScoreFlopsPerKey * MeanKeys(sequenceLength, causal) };

    /// <summary>The cost of one layer from its tensors.</summary>
    internal static LayerCost Of(ModelConfig config, int layer, IEnumerable<TensorSpec> tensors)
    {
        MoeConfig? moe = config.FeedForwards[layer].Moe;
        SortedDictionary<ModelPart, long> parameters = [];
        SortedDictionary<ModelPart, double> flops = [];
        long perExpert = 0;
        long lookedUp = 0;
        double perExpertFlops = 0;
        foreach (TensorSpec tensor in tensors)
        {
            ModelPart part = ModelSummary.PartOf(tensor.Role);

            // What relative positions cost depends on the length of the text, not on the token.
            double products = tensor.IsVector || tensor.Role is TensorRole.RelativeKey or TensorRole.RelativeQuery ? 0 : 2.0 * tensor.ElementCount;
            if (tensor.Expert == 0)
            {
                perExpert += tensor.ElementCount;
                perExpertFlops += products;
            }
            else if (tensor.Expert < 0)
            {
                lookedUp += ModelSummary.IsActive(tensor, config) ? 0 : tensor.ElementCount;
                parameters[part] = parameters.GetValueOrDefault(part) + tensor.ElementCount;
                flops[part] = flops.GetValueOrDefault(part) + products;
            }
        }

        LatentAttentionConfig? latent = config.Attention.Latent;
        return new LayerCost
        {
            Layer = layer,
            AttentionParameters = parameters.GetValueOrDefault(ModelPart.Attention),
            DenseParameters = parameters.GetValueOrDefault(ModelPart.Dense),
            RouterParameters = parameters.GetValueOrDefault(ModelPart.Router),
            LookedUpParameters = lookedUp,
            SharedParameters = parameters.GetValueOrDefault(ModelPart.SharedExperts),
            NormParameters = parameters.GetValueOrDefault(ModelPart.Norms),
            ParametersPerExpert = perExpert,
            ExpertCount = moe?.ExpertCount ?? 0,
            TopK = moe?.TopK ?? 0,
            ProductFlops = new ForwardFlops(
                flops.GetValueOrDefault(ModelPart.Attention),
                0,
                flops.GetValueOrDefault(ModelPart.Dense),
                flops.GetValueOrDefault(ModelPart.Router),
                perExpertFlops * (moe?.TopK ?? 0),
                flops.GetValueOrDefault(ModelPart.SharedExperts),
                0),
            ScoreFlopsPerKey = 2.0 * config.HeadCount * (config.HeadSize + (latent?.ValueHeadSize ?? config.HeadSize)),
            KeyValueElements = latent is null ? 2L * config.KeyValueHeadCount * config.HeadSize : latent.KeyValueRank + latent.RotaryHeadSize,
            Window = config.AttentionOf(layer).Window,
        };
    }
}
