using Moiety.Models.Json;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// The language model in the folder of a model that also sees (Gemma 3, Mistral Small 3.1, LLaVA): its settings are <c>text_config</c>, its
/// tensors have a prefix, and those of the image encoder are left out.
/// </summary>
internal static class LanguagePart
{
    private const string TextConfig = "text_config";

    // How the folder begins names of the language model, and how the family does.
    private static readonly (string Folder, string Family)[] Prefixes =
        [("language_model.model.", "model."), ("language_model.lm_head.", "lm_head."), ("model.language_model.", "model.")];

    private static readonly string[] Others = ["vision_tower.", "multi_modal_projector.", "model.vision_tower.", "model.multi_modal_projector."];

    /// <summary>The settings of the language model, or the file itself where it is one.</summary>
    public static JsonField Config(JsonField json) => IsPart(json) ? json.Get(TextConfig) : json;

    /// <summary>Gives the tensors of the language model their own names, and takes the others out.</summary>
    /// <param name="json">The file of settings.</param>
    /// <param name="tensors">The tensors of the folder.</param>
    /// <returns>What a user should know.</returns>
    /// <exception cref="InvalidCheckpointException">Two tensors get one name.</exception>
    public static IReadOnlyList<string> Extract(JsonField json, Dictionary<string, FileTensor> tensors)
    {
        if (!IsPart(json))
        {
            return [];
        }

        int others = 0;
        foreach (string name in tensors.Keys.ToArray())
        {
            if (Others.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                tensors.Remove(name);
                others++;
                continue;
            }

            foreach ((string folder, string family) in Prefixes)
            {
                if (name.StartsWith(folder, StringComparison.Ordinal))
                {
                    Rename(tensors, name, family + name[folder.Length..]);
                    break;
                }
            }
        }

        return others > 0 ? [$"{others} tensors of the image encoder are left out: Moiety runs the language model"] : [];
    }

    private static bool IsPart(JsonField json) => json.Text("model_type") is "gemma3" or "mistral3" or "llava" && json.Has(TextConfig);

    private static void Rename(Dictionary<string, FileTensor> tensors, string from, string to)
    {
        tensors.Remove(from, out FileTensor? tensor);
        if (!tensors.TryAdd(to, tensor!))
        {
            throw new InvalidCheckpointException(tensor!.Path, $"tensor \"{from}\"", $"there is a \"{to}\" beside it");
        }
    }
}
