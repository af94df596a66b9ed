using Moiety.Models.Configuration;

namespace Moiety.Parity.Tests.Models;

/// <summary>A model with random weights: a configuration and tensors by canonical name, the same for the same seed.</summary>
public sealed class RandomModel
{
    private readonly Dictionary<string, RandomTensor> _tensors = [];
    private readonly SplitMix _random;

    /// <summary>Draws the weights.</summary>
    public RandomModel(ModelConfig config, ulong seed)
    {
        Config = config;
        _random = new SplitMix(seed);
        int hidden = config.HiddenSize;
        Add(TensorNames.Embedding, config.VocabularySize, hidden, 1f);
        Add(TensorNames.FinalNorm, hidden);
        if (!config.TieWordEmbeddings)
        {
            Add(TensorNames.Head, config.VocabularySize, hidden);
        }

        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            Add(TensorNames.AttentionNorm(layer), hidden);
            Add(TensorNames.Query(layer), config.HeadCount * config.HeadSize, hidden);
            Add(TensorNames.Key(layer), config.KeyValueHeadCount * config.HeadSize, hidden);
            Add(TensorNames.Value(layer), config.KeyValueHeadCount * config.HeadSize, hidden);
            Add(TensorNames.AttentionOutput(layer), hidden, config.HeadCount * config.HeadSize);
            Add(TensorNames.FeedForwardNorm(layer), hidden);
            AddFeedForward(layer, config.FeedForwards[layer]);
        }
    }

    /// <summary>The architecture.</summary>
    public ModelConfig Config { get; }

    /// <summary>Tensors by canonical name, in the order of drawing.</summary>
    public IReadOnlyDictionary<string, RandomTensor> Tensors => _tensors;

    /// <summary>A dense Llama with small sizes; what a test is about is changed with <c>with</c>.</summary>
    public static ModelConfig Llama(int layers = 3, int heads = 4, int keyValueHeads = 2, int headSize = 32, int vocabulary = 320, int intermediate = 256, bool tied = false) => new()
    {
        Family = "llama",
        VocabularySize = vocabulary,
        HiddenSize = heads * headSize,
        HeadCount = heads,
        KeyValueHeadCount = keyValueHeads,
        HeadSize = headSize,
        ContextLength = 256,
        NormEpsilon = 1e-5f,
        Rotary = new RotaryConfig { Theta = 10000 },
        TieWordEmbeddings = tied,
        FeedForwards = [.. Enumerable.Repeat(new FeedForwardConfig { IntermediateSize = intermediate }, layers)],
        BosTokenId = 1,
        EosTokenIds = [2],
    };

    /// <summary>A Mixtral: every layer has experts, two for each token, whose weights sum to 1.</summary>
    public static ModelConfig Mixtral(int experts, int layers = 3, int heads = 4, int keyValueHeads = 2, int headSize = 32, int vocabulary = 320, int intermediate = 128)
    {
        FeedForwardConfig moe = new()
        {
            IntermediateSize = 0,
            Moe = new MoeConfig { ExpertCount = experts, TopK = 2, ExpertIntermediateSize = intermediate, NormalizeTopK = true },
        };
        return Llama(layers, heads, keyValueHeads, headSize, vocabulary) with
        {
            Family = "mixtral",
            FeedForwards = [.. Enumerable.Repeat(moe, layers)],
        };
    }

    private void AddFeedForward(int layer, FeedForwardConfig config)
    {
        int hidden = Config.HiddenSize;
        if (config.Moe is not { } moe)
        {
            Add(TensorNames.Gate(layer), config.IntermediateSize, hidden);
            Add(TensorNames.Up(layer), config.IntermediateSize, hidden);
            Add(TensorNames.Down(layer), hidden, config.IntermediateSize);
            return;
        }

        Add(TensorNames.Router(layer), moe.ExpertCount, hidden);
        for (int expert = 0; expert < moe.ExpertCount; expert++)
        {
            Add(TensorNames.ExpertGate(layer, expert), moe.ExpertIntermediateSize, hidden);
            Add(TensorNames.ExpertUp(layer, expert), moe.ExpertIntermediateSize, hidden);
            Add(TensorNames.ExpertDown(layer, expert), hidden, moe.ExpertIntermediateSize);
        }

        if (moe.Residual)
        {
            Add(TensorNames.ResidualGate(layer), config.IntermediateSize, hidden);
            Add(TensorNames.ResidualUp(layer), config.IntermediateSize, hidden);
            Add(TensorNames.ResidualDown(layer), hidden, config.IntermediateSize);
            Add(TensorNames.Coefficient(layer), 2, hidden);
            _tensors.Add(TensorNames.CoefficientBias(layer), new RandomTensor(1, 2, [_random.Normal(), _random.Normal()]));
        }
    }

    // Norm weights lie around 1.
    private void Add(string name, int length)
    {
        float[] data = new float[length];
        for (int i = 0; i < length; i++)
        {
            data[i] = 1 + (0.2f * _random.Normal());
        }

        _tensors.Add(name, new RandomTensor(1, length, data));
    }

    // 1.5 / sqrt(columns) keeps activations alive through the layers and attention away from uniform.
    private void Add(string name, int rows, int columns, float? deviation = null)
    {
        float scale = deviation ?? (1.5f / MathF.Sqrt(columns));
        float[] data = new float[rows * columns];
        for (int i = 0; i < data.Length; i++)
        {
            data[i] = scale * _random.Normal();
        }

        _tensors.Add(name, new RandomTensor(rows, columns, data));
    }
}
