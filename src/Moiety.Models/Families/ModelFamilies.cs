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
        new MistralFamily(),
        new MixtralFamily(),
        new Qwen2Family(),
        new Qwen2MoeFamily(),
        new Qwen3Family(),
        new Qwen3MoeFamily(),
        new OlmoFamily(),
        new Olmo2Family(),
        new Olmo3Family(),
        new OlmoeFamily(),
        new Gpt2Family(),
        new GptNeoXFamily(),
        new GptJFamily(),
        new OptFamily(),
        new BloomFamily(),
        new FalconFamily(),
        new PhiFamily(),
        new Phi3Family(),
        new StableLmFamily(),
        new Starcoder2Family(),
        new GemmaFamily(),
        new Gemma2Family(),
        new Gemma3Family(),
        new GraniteFamily(),
        new CohereFamily(),
        new Cohere2Family(),
        new NemotronFamily(),
        new Glm4Family(),
        new Ernie45Family(),
        new SmolLm3Family(),
        new DeepSeekFamily(),
        new DeepSeekV2Family(),
        new DeepSeekV3Family(),
        new GptOssFamily(),
        new PhiMoeFamily(),
        new GraniteMoeFamily("granitemoe", "GraniteMoeForCausalLM", hasShared: false),
        new GraniteMoeFamily("granitemoeshared", "GraniteMoeSharedForCausalLM", hasShared: true),
        new Glm4MoeFamily(),
        new Ernie45MoeFamily(),
        new MegatronMoeFamily(),
        new BertFamily(),
        new DistilBertFamily(),
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

    /// <summary>The family that writes a configuration as a Hugging Face folder.</summary>
    /// <exception cref="InvalidInputException">The configuration is invalid, its family is unknown, or the family cannot express it.</exception>
    internal static ModelFamily ForWriting(ModelConfig config) => ForWriting(config, "a Hugging Face folder", family => family.FindObstacle(config));

    /// <summary>The family that writes a configuration as a GGUF file.</summary>
    /// <exception cref="InvalidInputException">The configuration is invalid, its family is unknown, or the family cannot express it.</exception>
    internal static ModelFamily ForWritingGguf(ModelConfig config) => ForWriting(config, "a GGUF file", family => family.FindGgufObstacle(config));

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
        string known = string.Join(", ", All.Where(family => family.HasGguf).Select(family => family.GgufArchitecture).Distinct());
        return All.FirstOrDefault(family => family.HasGguf && family.GgufArchitecture == architecture && family.OwnsGguf(metadata))
            ?? throw metadata.Error(Key, $"the model family \"{architecture}\" is not supported; known: {known}");
    }

    private static ModelFamily ForWriting(ModelConfig config, string container, Func<ModelFamily, string?> findObstacle)
    {
        config.Validate();
        ModelFamily family = Get(config.Family);
        return findObstacle(family) is { } condition
            ? throw new InvalidInputException($"model configuration: it cannot be written as {container} of the family \"{family.Name}\", which needs that {condition}.")
            : family;
    }
}
