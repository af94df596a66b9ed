using System.Collections.Immutable;
using Moiety.Models;
using Moiety.Models.Configuration;

namespace Moiety.Planning.Presets;

/// <summary>
/// A GPT as the paper's models are (arXiv 2201.05596, section 3): LayerNorm before each part, learned positions, biases, multi-head
/// attention, MLPs four times as wide as the model, a tied head, and, in every other layer, experts.
/// </summary>
public sealed record GptShape
{
    /// <summary>Layers, L.</summary>
    public required int Layers { get; init; }

    /// <summary>Width of the model, M.</summary>
    public required int Hidden { get; init; }

    /// <summary>Attention heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Width of a layer's MLP and of each expert; 0 for 4 M.</summary>
    public int Intermediate { get; init; }

    /// <summary>Experts of each MoE layer, first to last; empty for a dense model.</summary>
    public ImmutableArray<int> Experts { get; init; } = [];

    /// <summary>A layer has experts when its number, from 1 on, is divisible by this.</summary>
    public int ExpertInterval { get; init; } = 2;

    /// <summary>Experts that a token visits.</summary>
    public int TopK { get; init; } = 1;

    /// <summary>Whether a fixed MLP stands beside the experts.</summary>
    public bool Residual { get; init; }

    /// <summary>Rows of the embedding: GPT-2's 50,257, padded to a multiple of 128 as Megatron does.</summary>
    public int Vocabulary { get; init; } = 50304;

    /// <summary>Positions.</summary>
    public int Context { get; init; } = 2048;

    /// <summary>Number of MoE layers: layers / interval.</summary>
    public int MoeLayers => Layers / ExpertInterval;

    /// <summary>The model.</summary>
    /// <exception cref="InvalidInputException">Sizes do not fit each other; the message names the field and its value.</exception>
    public ModelConfig ToConfig()
    {
        Check();
        int inner = Intermediate > 0 ? Intermediate : 4 * Hidden;
        ModelConfig config = new()
        {
            Family = "gpt",
            VocabularySize = Vocabulary,
            HiddenSize = Hidden,
            HeadCount = Heads,
            KeyValueHeadCount = Heads,
            HeadSize = Hidden / Heads,
            ContextLength = Context,
            NormEpsilon = 1e-5f,
            Norm = NormKind.Layer,
            Rotary = null,
            LearnedPositions = Context,
            TieWordEmbeddings = true,
            Attention = new AttentionConfig { QueryKeyValueBias = true, OutputBias = true },
            FeedForwards = [.. Enumerable.Range(1, Layers).Select(number => FeedForward(number, inner))],
        };
        config.Validate();
        return config;
    }

    private void Check()
    {
        foreach ((string field, int value) in (ReadOnlySpan<(string, int)>)[("layers", Layers), ("hidden", Hidden), ("heads", Heads), ("interval", ExpertInterval), ("top-k", TopK), ("vocabulary", Vocabulary), ("context", Context)])
        {
            if (value < 1)
            {
                throw new InvalidInputException($"model: {field}: {value} is not a whole number from 1 on.");
            }
        }

        if (Hidden > 1 << 20 || Layers > 4096)
        {
            throw new InvalidInputException($"model: {Layers} layers, {Hidden} wide: more than 4,096 layers or a width above {1 << 20:#,0}.");
        }

        if (Hidden % Heads != 0)
        {
            throw new InvalidInputException($"model: hidden: {Hidden} is not divisible by the {Heads} heads.");
        }

        if (!Experts.IsEmpty && Experts.Length != MoeLayers)
        {
            throw new InvalidInputException($"model: experts: {Experts.Length} entries, but {Layers} layers with experts in every {ExpertInterval} make {MoeLayers} MoE layers.");
        }
    }

    private FeedForwardConfig FeedForward(int number, int inner)
    {
        if (Experts.IsEmpty || number % ExpertInterval != 0)
        {
            return new FeedForwardConfig { Activation = Activation.GeluTanh, IntermediateSize = inner, Bias = true };
        }

        return new FeedForwardConfig
        {
            Activation = Activation.GeluTanh,
            IntermediateSize = Residual ? inner : 0,
            Moe = new MoeConfig
            {
                ExpertCount = Experts[(number / ExpertInterval) - 1],
                TopK = TopK,
                ExpertIntermediateSize = inner,
                NormalizeTopK = TopK > 1,
                ExpertBias = true,
                Residual = Residual,
            },
        };
    }
}
