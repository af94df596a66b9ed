using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Planning.Costs;
using Moiety.Planning.Presets;

namespace Moiety.Cli.Options;

/// <summary>A model to plan for: only its sizes count, so that it may have no weights.</summary>
/// <param name="Name">What the user called it.</param>
/// <param name="Cost">What it costs.</param>
/// <param name="Stored">How its weights are stored, when it has some.</param>
internal sealed record PlannedModel(string Name, ModelCost Cost, WeightStorage? Stored)
{
    /// <summary>
    /// Finds it: a model of the paper, a description, a <c>config.json</c> or a folder with no more than that, or a model that can be
    /// opened; nothing for the embedded one.
    /// </summary>
    /// <exception cref="InvalidInputException">There is no such model, it cannot be read, or it is an encoder.</exception>
    public static PlannedModel Find(string? name)
    {
        if (name is not null && PaperModel.Find(name) is { } preset)
        {
            return new PlannedModel(preset.Name, ModelCost.Of(preset.Config), null);
        }

        if (name is not null && ShapeReader.IsShape(name))
        {
            return new PlannedModel(name, ModelCost.Of(ShapeReader.Read(name)), null);
        }

        if (name is not null && !Directory.Exists(name) && !File.Exists(name) && !name.Contains('/', StringComparison.Ordinal))
        {
            throw new InvalidInputException(
                $"{name}: there is no such file or folder, and no such model of the paper. Those are: {string.Join(", ", PaperModel.All.Select(model => model.Name))}; or describe one: layers=24,hidden=1024,heads=16,experts=128.");
        }

        string path = ModelPath.Resolve(name);
        PlannedModel model = IsConfigurationOnly(path)
            ? new PlannedModel(name ?? path, ModelCost.Of(HuggingFaceConfig.Read(path)), null)
            : FromCheckpoint(name ?? "embedded model", path);
        ModelConfig config = model.Cost.Config;
        return config.IsEncoder
            ? throw new InvalidInputException($"{model.Name}: a model of the family \"{config.Family}\" is an encoder; plans are for models that generate.")
            : model;
    }

    private static PlannedModel FromCheckpoint(string name, string path)
    {
        using Checkpoint checkpoint = Checkpoint.Open(path);
        return new PlannedModel(name, ModelCost.Of(checkpoint.Config), WeightStorage.Of(checkpoint));
    }

    // Beside a configuration there may be a tokenizer and texts, but nothing that could hold weights.
    private static bool IsConfigurationOnly(string path) => Directory.Exists(path)
        ? File.Exists(Path.Combine(path, "config.json")) && Directory.EnumerateFiles(path).All(file =>
            Path.GetExtension(file).ToLowerInvariant() is ".json" or ".txt" or ".md" or ".jinja" or ".model" && !file.EndsWith(".index.json", StringComparison.Ordinal))
        : path.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
}
