using System.Numerics.Tensors;
using Moiety.Inference;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;

namespace Moiety.Decoding.Encoders;

/// <summary>
/// Turns texts into vectors that can be compared: an encoder runs over the tokens, and pooling makes one vector of their states
/// (sentence-transformers, arXiv 1908.10084). A text has the same vector alone and among others. Use one model, and its engine, from one
/// thread at a time.
/// </summary>
/// <example>
/// <code>
/// using Checkpoint checkpoint = Checkpoint.Open("all-MiniLM-L6-v2");
/// using Engine engine = Engine.Open(checkpoint);
/// EmbeddingModel model = new(checkpoint, engine);
/// float[][] vectors = model.Embed(["a cat sat on the mat", "the cat is on the mat"]);
/// float similarity = EmbeddingModel.Similarity(vectors[0], vectors[1]);
/// </code>
/// </example>
public sealed class EmbeddingModel
{
    private readonly EncoderRun _run;
    private readonly EncoderInputs _inputs;

    /// <summary>Prepares a model.</summary>
    /// <param name="checkpoint">The model's files: tokenizer, and how its makers want texts turned into vectors.</param>
    /// <param name="engine">The engine over it; stays the caller's.</param>
    /// <param name="options">What differs from the checkpoint's wishes, or null.</param>
    /// <exception cref="InvalidInputException">The model generates text and does not say how to make vectors of it, carries no tokenizer, or an option makes no sense.</exception>
    public EmbeddingModel(Checkpoint checkpoint, Engine engine, EmbeddingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(engine);
        options ??= new EmbeddingOptions();
        ModelConfig config = checkpoint.Config;
        if (!config.IsEncoder && (options.Pooling ?? checkpoint.Embedding?.Pooling) is null)
        {
            throw new InvalidInputException(
                $"{checkpoint.Path}: a model of the family \"{config.Family}\" generates text, and the checkpoint does not say how to make vectors of its states (modules.json, pooling_type). "
                + "Take an encoder such as all-MiniLM-L6-v2, or choose a pooling.");
        }

        Tokenizer tokenizer = checkpoint.Tokenizer
            ?? throw new InvalidInputException($"{checkpoint.Path}: the model carries no tokenizer, so that texts cannot be read. Put its tokenizer.json beside the weights.");
        if (options.MaxTokens is < 1)
        {
            throw new InvalidInputException($"Texts of at most {options.MaxTokens} tokens: give at least 1.");
        }

        Pooling = options.Pooling ?? checkpoint.Embedding?.Pooling ?? EmbeddingPooling.Mean;
        Normalizes = options.Normalize ?? checkpoint.Embedding?.Normalize ?? true;
        Dimension = config.HiddenSize;
        int wanted = options.MaxTokens ?? checkpoint.Embedding?.MaxTokens ?? engine.ContextLength;
        _inputs = new EncoderInputs(config, tokenizer, Math.Min(wanted, engine.ContextLength));
        _run = new EncoderRun(engine);
    }

    /// <summary>How the states of a text's tokens become one vector.</summary>
    public EmbeddingPooling Pooling { get; }

    /// <summary>Whether vectors have length 1.</summary>
    public bool Normalizes { get; }

    /// <summary>Elements of a vector.</summary>
    public int Dimension { get; }

    /// <summary>Tokens, special ones included, after which a text is cut off.</summary>
    public int MaxTokens => _inputs.MaxTokens;

    /// <summary>The vector of a text, [<see cref="Dimension"/>].</summary>
    /// <inheritdoc cref="Embed(IReadOnlyList{string}, CancellationToken)"/>
    public float[] Embed(string text, CancellationToken cancellationToken = default) => Embed([text], cancellationToken)[0];

    /// <summary>The vectors of texts, each [<see cref="Dimension"/>], in their order.</summary>
    /// <exception cref="InvalidInputException">A text has no tokens, or the pooling is <see cref="EmbeddingPooling.None"/>.</exception>
    public float[][] Embed(IReadOnlyList<string> texts, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        if (Pooling == EmbeddingPooling.None)
        {
            throw new InvalidInputException("The pooling is none, which makes a vector of each token and not of a text: choose mean, first or last.");
        }

        float[][] vectors = new float[texts.Count][];
        _run.Run([.. texts.Select(_inputs.Encode)], (index, states) => vectors[index] = Pool(states), cancellationToken);
        return vectors;
    }

    /// <summary>The vectors of a text's tokens, special ones included: [token][<see cref="Dimension"/>], each of length 1 where vectors are.</summary>
    /// <exception cref="InvalidInputException">The text has no tokens.</exception>
    public float[][] EmbedTokens(string text, CancellationToken cancellationToken = default)
    {
        float[][] vectors = [];
        _run.Run([_inputs.Encode(text)], (_, states) => vectors = [.. Enumerable.Range(0, states.Count).Select(token => Finish(states[token].ToArray()))], cancellationToken);
        return vectors;
    }

    /// <summary>The cosine of the angle between two vectors: 1 for the same direction, 0 when one of them has no length.</summary>
    /// <exception cref="ArgumentException">The vectors have different lengths.</exception>
    public static float Similarity(ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        if (first.Length != second.Length)
        {
            throw new ArgumentException($"Vectors of {first.Length} and {second.Length} elements cannot be compared.", nameof(second));
        }

        double lengths = Math.Sqrt(Product(first, first) * Product(second, second));
        return lengths > 0 ? (float)Math.Clamp(Product(first, second) / lengths, -1, 1) : 0;
    }

    // In one order wherever the vectors lie in memory, so that equal texts have equal bits.
    private static double Product(ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        double sum = 0;
        for (int index = 0; index < first.Length; index++)
        {
            sum += (double)first[index] * second[index];
        }

        return sum;
    }

    private float[] Pool(EncoderStates states)
    {
        float[] vector = states[Pooling == EmbeddingPooling.Last ? states.Count - 1 : 0].ToArray();
        if (Pooling == EmbeddingPooling.Mean)
        {
            for (int token = 1; token < states.Count; token++)
            {
                TensorPrimitives.Add(vector, states[token], vector);
            }

            TensorPrimitives.Divide(vector, states.Count, vector);
        }

        return Finish(vector);
    }

    private float[] Finish(float[] vector)
    {
        float length = (float)Math.Sqrt(Product(vector, vector));
        if (!float.IsFinite(length))
        {
            throw new InvalidInputException("The states of the encoder are no numbers: the weights are damaged, or training diverged. Use another checkpoint.");
        }

        if (Normalizes && length > 0)
        {
            TensorPrimitives.Divide(vector, length, vector);
        }

        return vector;
    }
}
