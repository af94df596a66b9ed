using Moiety.Models.Json;

namespace Moiety.Models.Checkpoints;

/// <summary>The <c>model_type</c> of a Hugging Face folder, whether or not it is one that Moiety reads.</summary>
public static class HuggingFaceModelType
{
    /// <summary>Reads it from <c>config.json</c>.</summary>
    /// <returns>The type, or <c>not stated</c>.</returns>
    /// <exception cref="InvalidInputException">There is no such file, or it is no JSON object.</exception>
    public static string Read(string folder) => JsonField.Read(Path.Combine(folder, HuggingFaceFiles.Config)).Text("model_type") ?? "not stated";
}
