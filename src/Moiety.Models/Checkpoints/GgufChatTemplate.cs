using System.Collections.Immutable;
using Moiety.Models.Chat;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Checkpoints;

/// <summary>The chat templates of a GGUF file: <c>tokenizer.chat_template</c>, and <c>tokenizer.chat_template.NAME</c> for further ones.</summary>
internal static class GgufChatTemplate
{
    private const string Key = "tokenizer.chat_template";
    private const string NamesKey = "tokenizer.chat_templates";

    /// <summary>Reads what a file has, or null when it has none.</summary>
    /// <exception cref="InvalidInputException">The name of a template is none.</exception>
    public static ChatTemplate? Read(GgufMetadata metadata, Tokenizer? tokenizer)
    {
        if (metadata.Text(Key) is not { } source)
        {
            return null;
        }

        ImmutableDictionary<string, string>.Builder sources = ImmutableDictionary.CreateBuilder<string, string>();
        sources[ChatTemplate.Default] = source;
        foreach (string name in metadata.Texts(NamesKey) ?? [])
        {
            if (metadata.Text($"{Key}.{name}") is { } further)
            {
                sources[name] = further;
            }
        }

        return ChatTemplate.Hold(sources.ToImmutable(), ChatTemplate.TokensOf(tokenizer));
    }

    /// <summary>Writes templates.</summary>
    public static void Write(ChatTemplate? template, GgufMetadata metadata)
    {
        if (template is null)
        {
            return;
        }

        string[] further = [.. template.Sources.Keys.Where(name => name != ChatTemplate.Default).Order(StringComparer.Ordinal)];
        metadata.Set(Key, GgufValue.Of(template.Sources[ChatTemplate.Default]));
        if (further.Length > 0)
        {
            metadata.Set(NamesKey, GgufValue.Of(further));
        }

        foreach (string name in further)
        {
            metadata.Set($"{Key}.{name}", GgufValue.Of(template.Sources[name]));
        }
    }
}
