using Moiety.Evaluation.Perplexity;
using Moiety.Evaluation.Speed;
using Moiety.Inference;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Quantization;
using Moiety.Models.Tokenizers;

namespace Moiety.Evaluation.Routing;

/// <summary>Measures models with fewer experts beside the one that they are made of: on the same text, in the same way.</summary>
/// <param name="texts">The documents to predict; the same for every trial.</param>
/// <param name="engine">How to use the machine.</param>
public sealed class ExpertComparison(IReadOnlyList<string> texts, EngineOptions? engine = null)
{
    private const int DecodedTokens = 32;
    private const int Depth = 16;
    private const int Repetitions = 3;

    /// <summary>Measures a model.</summary>
    /// <param name="name">How to call it.</param>
    /// <param name="model">The model: of a file, or a view of another one.</param>
    /// <param name="progress">Told the result so far.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="InvalidInputException">The model carries no tokenizer, or the text is too short.</exception>
    public ExpertTrial Measure(string name, Checkpoint model, IProgress<PerplexityResult>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        Tokenizer tokenizer = model.Tokenizer ?? throw new InvalidInputException($"{model.Path}: the model carries no tokenizer, so no text can be read with it.");
        using Engine running = Engine.Open(model, engine);
        PerplexityResult result = new PerplexityEvaluator(running, tokenizer).Evaluate(texts, progress, cancellationToken);
        ModelSummary summary = ModelSummary.From(model);
        int depth = Math.Clamp(running.ContextLength - DecodedTokens, 1, Depth);
        SpeedOptions speed = new() { PrefillLengths = [], DecodeDepths = [depth], DecodeTokens = Math.Min(DecodedTokens, running.ContextLength - depth), Repetitions = Repetitions };
        double decoding = new SpeedBenchmark(running, summary, summary.KeyValueBytesPerToken).Run(speed, cancellationToken: cancellationToken)[0].TokensPerSecond;
        return new ExpertTrial(
            name, [.. model.Config.FeedForwards.Where(layer => layer.Moe is not null).Select(layer => layer.Moe!.ExpertCount)],
            summary.Parameters, summary.ActiveParameters, summary.WeightBytes, result, decoding);
    }
}
