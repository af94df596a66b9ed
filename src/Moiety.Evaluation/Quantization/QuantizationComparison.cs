using Moiety.Evaluation.Perplexity;
using Moiety.Inference;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Quantization;
using Moiety.Models.Tokenizers;

namespace Moiety.Evaluation.Quantization;

/// <summary>
/// Perplexity against bytes: stores one model in several formats, one after the other, and measures how well each still predicts a
/// text. The files are written to a temporary folder and read by the engine as a user's would be.
/// </summary>
/// <param name="source">The model.</param>
/// <param name="texts">The documents to predict; the same for every trial.</param>
/// <param name="engine">How to use the machine.</param>
/// <param name="perplexity">How to cut long texts.</param>
public sealed class QuantizationComparison(Checkpoint source, IReadOnlyList<string> texts, EngineOptions? engine = null, PerplexityOptions? perplexity = null)
{
    /// <summary>Measures the model as it was given.</summary>
    /// <param name="progress">Told the result so far.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="InvalidInputException">The model carries no tokenizer, or the text is too short.</exception>
    public QuantizationTrial MeasureSource(IProgress<PerplexityResult>? progress = null, CancellationToken cancellationToken = default) =>
        Measure("as it is", calibrated: false, source, progress, cancellationToken);

    /// <summary>Stores the model by a policy and measures it.</summary>
    /// <param name="name">How to call the trial.</param>
    /// <param name="policy">Which tensor gets which format.</param>
    /// <param name="importance">What matters for the calibration text, or null to round every weight alike.</param>
    /// <param name="progress">Told the result so far.</param>
    /// <param name="cancellationToken">Stops the work; the temporary file is removed.</param>
    /// <exception cref="InvalidInputException">A weight does not fit the format, the disk is full, or the text is too short.</exception>
    public QuantizationTrial Measure(
        string name, QuantizationPolicy policy, ImportanceMatrix? importance = null, IProgress<PerplexityResult>? progress = null, CancellationToken cancellationToken = default)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("moiety-quantization-");
        try
        {
            string path = Path.Combine(folder.FullName, "trial.gguf");
            Quantizer.Quantize(source, path, policy, importance, progress: null, cancellationToken);
            using Checkpoint checkpoint = Checkpoint.Open(path);
            return Measure(name, importance is not null, checkpoint, progress, cancellationToken);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private QuantizationTrial Measure(string name, bool calibrated, Checkpoint checkpoint, IProgress<PerplexityResult>? progress, CancellationToken cancellationToken)
    {
        Tokenizer tokenizer = checkpoint.Tokenizer ?? throw new InvalidInputException($"{source.Path}: the model carries no tokenizer, so no text can be read with it.");
        using Engine running = Engine.Open(checkpoint, engine);
        PerplexityResult result = new PerplexityEvaluator(running, tokenizer, perplexity).Evaluate(texts, progress, cancellationToken);
        ModelSummary summary = ModelSummary.From(checkpoint);
        return new QuantizationTrial(name, calibrated, summary.WeightBytes, summary.WeightBytes * 8.0 / summary.Parameters, result);
    }
}
