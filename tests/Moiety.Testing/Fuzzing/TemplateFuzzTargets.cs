using System.Text;
using System.Text.Json.Nodes;
using Moiety.Models.Chat;

namespace Moiety.Testing.Fuzzing;

/// <summary>Chat templates, which come with downloaded models: damaged ones are rendered or refused.</summary>
internal static class TemplateFuzzTargets
{
    /// <summary>One target for each template of the fixtures.</summary>
    public static IEnumerable<FuzzTarget> Create()
    {
        string folder = Path.Combine(Repository.Root, "tests", "fixtures", "templates");
        JsonObject conversations = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "conversations.json")))!.AsObject();
        JsonObject conversation = conversations["tool answered"]!.AsObject();
        JsonArray messages = conversation["messages"]!.AsArray();
        ChatTemplateOptions options = new() { Tools = conversation["tools"]!.AsArray() };
        Dictionary<string, string> tokens = new() { ["bos_token"] = "<s>", ["eos_token"] = "</s>" };
        foreach (string family in (string[])["constructs", "command-r-tools", "gpt-oss", "llama-3.1", "mistral-v3", "qwen3", "smollm3"])
        {
            byte[] intact = File.ReadAllBytes(Path.Combine(folder, "families", $"{family}.jinja"));
            yield return new FuzzTarget("template", family, intact, (bytes, _) =>
                ChatTemplate.Parse(Encoding.UTF8.GetString(bytes), tokens).Render(messages, options));
        }
    }
}
