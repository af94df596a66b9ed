using System.Text.Json.Nodes;

namespace Moiety.Models.Chat;

/// <summary>What a conversation is rendered with, beside its messages.</summary>
public sealed record ChatTemplateOptions
{
    /// <summary>Whether the text ends where the assistant begins to speak.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>The tools that the assistant may call, in OpenAI's form, or null.</summary>
    public JsonArray? Tools { get; init; }

    /// <summary>Further variables that the template may look at, such as <c>enable_thinking</c>; or null.</summary>
    public JsonObject? Variables { get; init; }

    /// <summary>The time that a template may tell, or null for the system's.</summary>
    public TimeProvider? Clock { get; init; }
}
