using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;
using Moiety.Numerics;
using Moiety.Numerics.Formats;
using Names = Moiety.Models.Configuration.TensorNames;

namespace Moiety.Parity.Tests.Models;

/// <summary>A checkpoint in memory with random weights in F32, the same for the same seed.</summary>
public sealed unsafe class RandomCheckpoint : Checkpoint
{
    private readonly Dictionary<string, Matrix> _tensors = [];
    private readonly SplitMix _random;

    /// <summary>Draws the weights.</summary>
    /// <param name="config">The architecture.</param>
    /// <param name="seed">Picks the weights.</param>
    /// <param name="tokenizer">The tokenizer, or null for none.</param>
    public RandomCheckpoint(ModelConfig config, ulong seed, Tokenizer? tokenizer = null)
    {
        Config = config;
        Tokenizer = tokenizer;
        _random = new SplitMix(seed);
        int hidden = config.HiddenSize;
        Add(Names.Embedding, config.VocabularySize, hidden, 1f);
        Add(Names.FinalNorm, hidden);
        if (!config.TieWordEmbeddings)
        {
            Add(Names.Head, config.VocabularySize, hidden);
        }

        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            Add(Names.AttentionNorm(layer), hidden);
            Add(Names.Query(layer), config.HeadCount * config.HeadSize, hidden);
            Add(Names.Key(layer), config.KeyValueHeadCount * config.HeadSize, hidden);
            Add(Names.Value(layer), config.KeyValueHeadCount * config.HeadSize, hidden);
            Add(Names.AttentionOutput(layer), hidden, config.HeadCount * config.HeadSize);
            Add(Names.FeedForwardNorm(layer), hidden);
            AddFeedForward(layer, config.FeedForwards[layer]);
        }
    }

    /// <inheritdoc/>
    public override string Path => "random weights";

    /// <inheritdoc/>
    public override ModelConfig Config { get; }

    /// <inheritdoc/>
    public override Tokenizer? Tokenizer { get; }

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> TensorNames => _tensors.Keys;

    /// <summary>Number of weights.</summary>
    public long ParameterCount => _tensors.Values.Sum(tensor => (long)tensor.Rows * tensor.Columns);

    /// <inheritdoc/>
    public override Matrix GetTensor(string name) => _tensors.TryGetValue(name, out Matrix? tensor)
        ? tensor
        : throw new InvalidCheckpointException(Path, name, "there is no such tensor.");

    /// <summary>All values of a tensor.</summary>
    public Span<float> Values(string name)
    {
        Matrix tensor = GetTensor(name);
        return new Span<float>(tensor.Data, tensor.Rows * tensor.Columns);
    }

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
            Add(Names.Gate(layer), config.IntermediateSize, hidden);
            Add(Names.Up(layer), config.IntermediateSize, hidden);
            Add(Names.Down(layer), hidden, config.IntermediateSize);
            return;
        }

        Add(Names.Router(layer), moe.ExpertCount, hidden);
        for (int expert = 0; expert < moe.ExpertCount; expert++)
        {
            Add(Names.ExpertGate(layer, expert), moe.ExpertIntermediateSize, hidden);
            Add(Names.ExpertUp(layer, expert), moe.ExpertIntermediateSize, hidden);
            Add(Names.ExpertDown(layer, expert), hidden, moe.ExpertIntermediateSize);
        }

        if (moe.Residual)
        {
            Add(Names.ResidualGate(layer), config.IntermediateSize, hidden);
            Add(Names.ResidualUp(layer), config.IntermediateSize, hidden);
            Add(Names.ResidualDown(layer), hidden, config.IntermediateSize);
            Add(Names.Coefficient(layer), 2, hidden);
            Add(Names.CoefficientBias(layer), 1, 2, 1f);
        }
    }

    // Norm weights lie around 1.
    private void Add(string name, int length) => Fill(name, 1, length, 1, 0.2f);

    // 1.5 / sqrt(columns) keeps activations alive through the layers and attention away from uniform.
    private void Add(string name, int rows, int columns, float? deviation = null) =>
        Fill(name, rows, columns, 0, deviation ?? (1.5f / MathF.Sqrt(columns)));

    private void Fill(string name, int rows, int columns, float mean, float deviation)
    {
        AlignedBuffer memory = new((long)rows * columns * sizeof(float));
        Matrix tensor = new(StorageFormats.F32, rows, columns, memory.Pointer, memory);
        _tensors.Add(name, tensor);
        foreach (ref float value in Values(name))
        {
            value = mean + (deviation * _random.Normal());
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (Matrix tensor in _tensors.Values)
        {
            ((AlignedBuffer)tensor.Owner!).Dispose();
        }

        _tensors.Clear();
    }
}
