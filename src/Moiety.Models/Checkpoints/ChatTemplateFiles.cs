using System.Collections.Immutable;
using System.Text;
using Moiety.Models.Chat;
using Moiety.Models.Json;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// Where Hugging Face folders keep chat templates: <c>chat_template.jinja</c> and <c>additional_chat_templates/NAME.jinja</c>, or in older
/// folders <c>chat_template.json</c> or <c>tokenizer_config.json</c>.
/// </summary>
internal static class ChatTemplateFiles
{
    /// <summary>The default template.</summary>
    public const string Template = "chat_template.jinja";

    private const string Extension = ".jinja";
    private const string Folder = "additional_chat_templates";
    private const string OldTemplate = "chat_template.json";
    private const string Key = "chat_template";
    private const int MaxTemplateBytes = 4 << 20;

    /// <summary>Whether a path within a folder is that of a further template.</summary>
    public static bool IsFurther(string path) =>
        path.StartsWith($"{Folder}/", StringComparison.Ordinal) && path.EndsWith(Extension, StringComparison.Ordinal);

    /// <summary>Reads what a folder has, or null when it has none.</summary>
    /// <exception cref="InvalidInputException">A file is malformed, or there is no default template.</exception>
    public static ChatTemplate? Read(string folder, Tokenizer? tokenizer)
    {
        ImmutableDictionary<string, string> sources = ReadSources(folder);
        return sources.IsEmpty ? null : ChatTemplate.Hold(sources, ChatTemplate.TokensOf(tokenizer));
    }

    /// <summary>Writes templates.</summary>
    public static void Write(string folder, ChatTemplate template)
    {
        foreach ((string name, string source) in template.Sources)
        {
            string path = name == ChatTemplate.Default ? Path.Combine(folder, Template) : Path.Combine(folder, Folder, name + Extension);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, source);
        }
    }

    private static ImmutableDictionary<string, string> ReadSources(string folder)
    {
        ImmutableDictionary<string, string>.Builder sources = ImmutableDictionary.CreateBuilder<string, string>();
        string path = Path.Combine(folder, Template);
        if (File.Exists(path))
        {
            sources[ChatTemplate.Default] = ReadText(path);
            string further = Path.Combine(folder, Folder);
            string[] files = Directory.Exists(further) ? Directory.GetFiles(further, $"*{Extension}") : [];
            foreach (string file in files)
            {
                sources[Path.GetFileNameWithoutExtension(file)] = ReadText(file);
            }

            return sources.ToImmutable();
        }

        foreach (string name in (ReadOnlySpan<string>)[OldTemplate, TokenizerJson.ConfigFileName])
        {
            string file = Path.Combine(folder, name);
            if (File.Exists(file) && JsonField.Parse(file, TokenizerJson.ReadBytes(file), allowDuplicates: true).Find(Key) is { } field)
            {
                AddTo(sources, field);
                break;
            }
        }

        return sources.ToImmutable();
    }

    // One template, or a list of named ones.
    private static void AddTo(ImmutableDictionary<string, string>.Builder sources, JsonField field)
    {
        if (field.IsText)
        {
            sources[ChatTemplate.Default] = field.Text();
            return;
        }

        foreach (JsonField item in field.Items())
        {
            sources[item.Get("name").Text()] = item.Get("template").Text();
        }
    }

    private static string ReadText(string path) => Encoding.UTF8.GetString(TokenizerJson.ReadBytes(path, MaxTemplateBytes));
}
