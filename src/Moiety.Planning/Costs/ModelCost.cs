using System.Collections.Immutable;
using Moiety.Models.Configuration;
using Moiety.Models.Quantization;

namespace Moiety.Planning.Costs;

/// <summary>
/// The arithmetic of a model's cost: parameters by what they are, operations per token in a forward pass and in training, and the weights
/// that a decoding step reads. Everything follows from <see cref="TensorCatalog"/>, so it agrees with the files and with
/// <c>moiety inspect</c> (<see cref="ModelSummary"/>) to the last parameter.
/// </summary>
public sealed record ModelCost
{
    private readonly ForwardFlops _outsideFlops;
    private readonly double _classifierFlops;

    private ModelCost(ModelConfig config)
    {
        ILookup<int, TensorSpec> tensors = TensorCatalog.For(config).ToLookup(tensor => tensor.Layer);
        Config = config;
        Layers = [.. Enumerable.Range(0, config.LayerCount).Select(layer => LayerCost.Of(config, layer, tensors[layer]))];
        foreach (TensorSpec tensor in tensors[-1])
        {
            OutsideParameters += tensor.ElementCount;
            ActiveOutsideParameters += ModelSummary.IsActive(tensor, config) ? tensor.ElementCount : 0;
            EmbeddingParameters += ModelSummary.PartOf(tensor.Role) == ModelPart.Embedding ? tensor.ElementCount : 0;
            double products = tensor.IsVector || !ModelSummary.IsActive(tensor, config) ? 0 : 2.0 * tensor.ElementCount;
            switch (tensor.Role)
            {
                case TensorRole.Embedding or TensorRole.Head or TensorRole.EmbeddingProjection or TensorRole.HeadProjection:
                    _outsideFlops += new ForwardFlops { Head = products };
                    break;
                case TensorRole.Convolution:
                    _outsideFlops += new ForwardFlops { Dense = products };
                    break;
                case TensorRole.ClassifierDense or TensorRole.ClassifierOutput:
                    _classifierFlops += products;
                    break;
            }
        }
    }

    /// <summary>The model.</summary>
    public ModelConfig Config { get; }

    /// <summary>Its layers, in order.</summary>
    public ImmutableArray<LayerCost> Layers { get; }

    /// <summary>Parameters outside the layers: embeddings, head, final norm.</summary>
    public long OutsideParameters { get; }

    /// <summary>Of <see cref="OutsideParameters"/>, what a token's forward pass multiplies with: not an embedding that is only looked up.</summary>
    public long ActiveOutsideParameters { get; }

    /// <summary>Embeddings of tokens and positions, the head unless it is tied, the projections around them, the classifier.</summary>
    public long EmbeddingParameters { get; }

    /// <summary>All parameters. A tied head counts once.</summary>
    public long Parameters => OutsideParameters + Layers.Sum(layer => layer.Parameters);

    /// <summary>
    /// Parameters that one token's forward pass multiplies with, as <see cref="ModelSummary.ActiveParameters"/> counts them: all but the
    /// experts that it does not visit and the embeddings that are only looked up.
    /// </summary>
    public long ActiveParameters => ActiveOutsideParameters + Layers.Sum(layer => layer.ActiveParameters);

    /// <summary>Parameters of all routed experts.</summary>
    public long ExpertParameters => Layers.Sum(layer => layer.ExpertParameters);

    /// <summary>All parameters but the routed experts'.</summary>
    public long NonExpertParameters => Parameters - ExpertParameters;

    /// <summary>Elements that a token leaves in the key-value cache.</summary>
    public long KeyValueElements => Layers.Sum(layer => layer.KeyValueElements);

    /// <summary>The paper's rule for training: 6 operations per active parameter and token, without attention's scores.</summary>
    public double SixTimesActive => 6.0 * ActiveParameters;

    /// <summary>The cost of a model.</summary>
    public static ModelCost Of(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new ModelCost(config);
    }

    /// <summary>Operations of the forward pass for the mean token of a sequence.</summary>
    /// <param name="sequenceLength">Tokens of the sequence, T; attention costs more the more a token sees.</param>
    public ForwardFlops Forward(int sequenceLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sequenceLength, 1);
        ForwardFlops total = _outsideFlops + new ForwardFlops { Head = _classifierFlops / sequenceLength, Scores = RelativePositions(sequenceLength) };
        foreach (LayerCost layer in Layers)
        {
            total += layer.Forward(sequenceLength, causal: !Config.IsEncoder);
        }

        return total;
    }

    /// <summary>Operations per token of training at a sequence length: the forward pass three times, since each product has two in the backward pass.</summary>
    /// <param name="sequenceLength">Tokens of a sequence.</param>
    public double TrainingFlops(int sequenceLength) => 3 * Forward(sequenceLength).Total;

    /// <summary>
    /// Expected parameters that one step reads, with each weight read once for all tokens: everything that is multiplied with, but of the
    /// experts only those that a token visits (<see cref="ExpertVisits.ExpectedDistinct"/>).
    /// </summary>
    /// <param name="tokens">Tokens of the step, such as the sequences that decode together.</param>
    public double ParametersRead(double tokens) => ActiveOutsideParameters + Layers.Sum(layer => layer.ParametersRead(tokens));

    /// <summary>Expected bytes of weights that one step reads, see <see cref="ParametersRead"/>.</summary>
    /// <param name="tokens">Tokens of the step.</param>
    /// <param name="bytesPerParameter">2 for 16-bit weights; 4.5 / 8 for blocks of four bits.</param>
    public double WeightBytesRead(double tokens, double bytesPerParameter) => ParametersRead(tokens) * bytesPerParameter;

    // Disentangled attention: the embeddings of 2 * span positions are projected once per text, and each token meets all of them in each direction.
    private double RelativePositions(int sequenceLength)
    {
        if (Config.Attention.Disentangled is not { } disentangled)
        {
            return 0;
        }

        double directions = (disentangled.ContentToPosition ? 1 : 0) + (disentangled.PositionToContent ? 1 : 0);
        double width = (double)Config.HeadCount * Config.HeadSize;
        double positions = 2.0 * disentangled.Span;
        return Config.LayerCount * directions * 2 * width * positions * (1 + ((double)Config.HiddenSize / sequenceLength));
    }
}
