using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Steps;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Quantization;
using Moiety.Models.Tokenizers;
using Moiety.Numerics;

namespace Moiety.Evaluation.Quantization;

/// <summary>
/// Finds out which columns of each matrix matter for a text: runs the model over it and sums the squares of what every product
/// multiplies with. A weight whose input is always small may be rounded badly at no cost.
/// </summary>
public static class Calibration
{
    /// <summary>Reads texts with a model and measures its activations.</summary>
    /// <param name="checkpoint">The model, best in a precise format.</param>
    /// <param name="texts">The documents; each is cut into pieces of the window, all of them are read.</param>
    /// <param name="options">How to use the machine.</param>
    /// <param name="window">Tokens of a piece; 0 for 512 or the model's context, whichever is less.</param>
    /// <param name="progress">Told the number of tokens read.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="InvalidInputException">The model carries no tokenizer, or the texts hold no token.</exception>
    public static ImportanceMatrix Measure(
        Checkpoint checkpoint,
        IEnumerable<string> texts,
        EngineOptions? options = null,
        int window = 0,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(texts);
        Tokenizer tokenizer = checkpoint.Tokenizer ?? throw new InvalidInputException($"{checkpoint.Path}: the model carries no tokenizer, so no text can be read with it.");
        ImportanceMatrix importance = new();
        Dictionary<Matrix, string> names = new(ReferenceEqualityComparer.Instance);
        foreach (string name in checkpoint.TensorNames)
        {
            names[checkpoint.GetTensor(name)] = name;
        }

        using Engine engine = Engine.Open(checkpoint, (options ?? new()) with
        {
            ProductInputs = (weights, input) =>
            {
                if (names.TryGetValue(weights, out string? name))
                {
                    importance.Add(name, input);
                }
            },
        });
        int size = window > 0 ? Math.Min(window, engine.ContextLength) : Math.Min(512, engine.ContextLength);
        Batch batch = new();
        long read = 0;
        foreach (string text in texts)
        {
            int[] tokens = tokenizer.Encode(text);
            for (int start = 0; start < tokens.Length; start += size)
            {
                using KvCache cache = engine.CreateCache();
                ReadOnlySpan<int> piece = tokens.AsSpan(start, Math.Min(size, tokens.Length - start));
                batch.Clear();
                batch.Add(cache, piece, LogitsWanted.All);
                engine.Step(batch, cancellationToken);
                read += piece.Length;
                progress?.Report(read);
            }
        }

        return read > 0 ? importance : throw new InvalidInputException("the calibration text is empty: there is no token to read.");
    }
}
