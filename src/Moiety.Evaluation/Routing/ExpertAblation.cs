using Moiety.Evaluation.Perplexity;
using Moiety.Inference;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers;

namespace Moiety.Evaluation.Routing;

/// <summary>
/// How much a model's experts contribute: perplexity on a text when the experts of a layer give nothing. Fixed MLPs and shared experts
/// beside them stay, and so do the weights that mix the two.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="texts">The documents to predict; the same for every measurement.</param>
/// <param name="engine">How to use the machine.</param>
public sealed class ExpertAblation(Checkpoint model, IReadOnlyList<string> texts, EngineOptions? engine = null)
{
    /// <summary>Measures the model without the experts of some layers. The changed model is written to a temporary folder.</summary>
    /// <param name="layers">The layers whose experts give nothing; none for the model as it is.</param>
    /// <param name="progress">Told the result so far.</param>
    /// <param name="cancellationToken">Stops the work; the temporary file is removed.</param>
    /// <exception cref="InvalidInputException">A layer has no experts, the model carries no tokenizer, the disk is full, or the text is too short.</exception>
    public PerplexityResult Measure(IReadOnlyCollection<int> layers, IProgress<PerplexityResult>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(layers);
        foreach (int layer in layers)
        {
            if (layer < 0 || layer >= model.Config.LayerCount || model.Config.FeedForwards[layer].Moe is null)
            {
                throw new InvalidInputException($"{model.Path}: layer {layer} has no experts that could be left out.");
            }
        }

        if (layers.Count == 0)
        {
            return Score(model, progress, cancellationToken);
        }

        DirectoryInfo folder = Directory.CreateTempSubdirectory("moiety-ablation-");
        try
        {
            string path = Path.Combine(folder.FullName, "silenced.gguf");
            CheckpointWriter.Write(path, model, new SilencedTensorSource(model, layers), model.Tokenizer, cancellationToken: cancellationToken);
            using Checkpoint silenced = Checkpoint.Open(path);
            return Score(silenced, progress, cancellationToken);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private PerplexityResult Score(Checkpoint checkpoint, IProgress<PerplexityResult>? progress, CancellationToken cancellationToken)
    {
        Tokenizer tokenizer = model.Tokenizer ?? throw new InvalidInputException($"{model.Path}: the model carries no tokenizer, so no text can be read with it.");
        using Engine running = Engine.Open(checkpoint, engine);
        return new PerplexityEvaluator(running, tokenizer).Evaluate(texts, progress, cancellationToken);
    }
}
