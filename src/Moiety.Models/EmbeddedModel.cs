namespace Moiety.Models;

/// <summary>The model that comes with Moiety, so that every command works without a download.</summary>
public static class EmbeddedModel
{
    /// <summary>The GGUF file.</summary>
    /// <exception cref="InvalidInputException">It is absent; the message says how to get one.</exception>
    public static string Path
    {
        get
        {
            string path = System.IO.Path.Combine(AppContext.BaseDirectory, "models", "story-world.gguf");
            return File.Exists(path)
                ? path
                : throw new InvalidInputException(
                    $"{path}: the embedded model is absent. Build from a complete checkout, or train one (see docs/embedded-model.md), or name a model.");
        }
    }
}
