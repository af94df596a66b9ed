using System.Numerics.Tensors;
using Moiety.Inference;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;

namespace Moiety.Decoding.Encoders;

/// <summary>
/// Sorts texts, or pairs of them, into the classes of a trained encoder: sentiment, entailment, relevance of a passage to a question. A
/// text has the same scores alone and among others. Use one classifier, and its engine, from one thread at a time.
/// </summary>
public sealed class SequenceClassifier
{
    private readonly EncoderRun _run;
    private readonly EncoderInputs _inputs;
    private readonly ClassificationHead _head;

    /// <summary>Prepares a classifier.</summary>
    /// <param name="checkpoint">The model's files; must stay open.</param>
    /// <param name="engine">The engine over it; stays the caller's.</param>
    /// <exception cref="InvalidInputException">The model has no classification head, or carries no tokenizer.</exception>
    public SequenceClassifier(Checkpoint checkpoint, Engine engine)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(engine);
        _head = new ClassificationHead(checkpoint);
        Tokenizer tokenizer = checkpoint.Tokenizer
            ?? throw new InvalidInputException($"{checkpoint.Path}: the model carries no tokenizer, so that texts cannot be read. Put its tokenizer.json beside the weights.");
        _inputs = new EncoderInputs(checkpoint.Config, tokenizer, engine.ContextLength);
        _run = new EncoderRun(engine);
    }

    /// <summary>The classes, and what their scores mean.</summary>
    public ClassifierConfig Config => _head.Config;

    /// <summary>Sorts a text.</summary>
    /// <param name="text">The text; what goes beyond the model's context is cut off.</param>
    /// <param name="pair">A second text that belongs to it, or null.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    /// <exception cref="InvalidInputException">The text has no tokens.</exception>
    public Classification Classify(string text, string? pair = null, CancellationToken cancellationToken = default) =>
        Classify([(text, pair)], cancellationToken)[0];

    /// <summary>Sorts texts, in their order.</summary>
    /// <param name="texts">Texts, each with a second one that belongs to it, or null.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    /// <exception cref="InvalidInputException">A text has no tokens, or the model's logits are no numbers.</exception>
    public IReadOnlyList<Classification> Classify(IReadOnlyList<(string Text, string? Pair)> texts, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        Classification[] results = new Classification[texts.Count];
        EncoderInput[] inputs = [.. texts.Select(text => text.Pair is { } pair ? _inputs.Encode(text.Text, pair) : _inputs.Encode(text.Text))];
        _run.Run(inputs, (index, states) => results[index] = Score(_head.Run(states[0])), cancellationToken);
        return results;
    }

    private Classification Score(float[] logits)
    {
        if (logits.Any(logit => !float.IsFinite(logit)))
        {
            throw new InvalidInputException("The classifier's logits are no numbers: the weights are damaged, or training diverged. Use another checkpoint.");
        }

        float[] scores = new float[logits.Length];
        switch (Config.Problem)
        {
            case ClassificationProblem.SingleLabel:
                double largest = logits.Max();
                double[] powers = Array.ConvertAll(logits, logit => Math.Exp((double)logit - largest));
                double total = powers.Sum();
                scores = Array.ConvertAll(powers, power => (float)(power / total));
                break;
            case ClassificationProblem.MultiLabel:
                TensorPrimitives.Sigmoid(logits, scores);
                break;
            default:
                logits.CopyTo(scores, 0);
                break;
        }

        return new Classification([.. Enumerable.Range(0, scores.Length)
            .OrderByDescending(label => scores[label])
            .Select(label => new LabelScore(Config.Labels[label], scores[label], logits[label]))]);
    }
}
