using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Json;

namespace Moiety.Models.Families;

/// <summary>All families: what <c>--help</c>, errors and tests list.</summary>
public static class ModelFamilies
{
    /// <summary>Every family; a new one adds its line here.</summary>
    public static IReadOnlyList<ModelFamily> All { get; } =
    [
        new MoietyMoeFamily(),
        new LlamaFamily(),
        new MixtralFamily(),
        new BertFamily(),
        new RobertaFamily("roberta", "Roberta", "gpt2"),
        new RobertaFamily("xlm-roberta", "XLMRoberta", "t5"),
        new MPNetFamily(),
        new DebertaV2Family(),
    ];

    /// <summary>The names, for messages.</summary>
    public static string Known => string.Join(", ", All.Select(family => family.Name));

    /// <summary>The family of a name.</summary>
    /// <exception cref="InvalidInputException">There is no such family; the message lists the known ones.</exception>
    public static ModelFamily Get(string name) =>
        All.FirstOrDefault(family => family.Name == name)
        ?? throw new InvalidInputException($"model family \"{name}\" is not supported; known: {Known}.");

    /// <summary>The family that writes a configuration.</summary>
    /// <exception cref="InvalidInputException">The configuration is invalid, its family is unknown, or the family cannot express it.</exception>
    internal static ModelFamily ForWriting(ModelConfig config)
    {
        config.Validate();
        ModelFamily family = Get(config.Family);
        return family.FindObstacle(config) is { } condition
            ? throw new InvalidInputException($"model configuration: it cannot be written as \"{family.Name}\", which needs that {condition}.")
            : family;
    }

    /// <summary>The family of a <c>config.json</c>.</summary>
    /// <exception cref="InvalidCheckpointException">There is no such family; the message lists the known ones.</exception>
    internal static ModelFamily ForHuggingFace(JsonField config)
    {
        string type = config.Text("model_type") ?? throw config.Error("model_type", $"it is missing; known families: {Known}");
        return All.FirstOrDefault(family => family.Name == type)
            ?? throw config.Error("model_type", $"the model family \"{type}\" is not supported; known: {Known}");
    }

    /// <summary>The family of a GGUF file.</summary>
    /// <exception cref="InvalidCheckpointException">There is no such family; the message lists the known ones.</exception>
    internal static ModelFamily ForGguf(GgufMetadata metadata)
    {
        const string Key = "general.architecture";
        string architecture = metadata.RequiredText(Key);
        string known = string.Join(", ", All.Select(family => family.GgufArchitecture).Distinct());
        return All.FirstOrDefault(family => family.GgufArchitecture == architecture && family.OwnsGguf(metadata))
            ?? throw metadata.Error(Key, $"the model family \"{architecture}\" is not supported; known: {known}");
    }
}
