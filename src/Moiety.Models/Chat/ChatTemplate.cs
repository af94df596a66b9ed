using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Templates;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Chat;

/// <summary>
/// How a model wants conversations written: the Jinja template that its checkpoint carries. Some carry one more for conversations
/// with tools.
/// </summary>
public sealed class ChatTemplate
{
    /// <summary>Name of the template for plain conversations.</summary>
    public const string Default = "default";

    private const string ToolUse = "tool_use";
    private const int LongestName = 100;
    private readonly Lazy<ImmutableDictionary<string, Template>> _templates;
    private readonly ImmutableDictionary<string, string> _tokens;

    private ChatTemplate(ImmutableDictionary<string, string> sources, ImmutableDictionary<string, string> tokens)
    {
        Sources = sources;
        _templates = new(() => sources.ToImmutableDictionary(pair => pair.Key, pair => Template.Parse(pair.Value)));
        _tokens = tokens;
    }

    /// <summary>The templates by name.</summary>
    public ImmutableDictionary<string, string> Sources { get; }

    /// <summary>Reads one template.</summary>
    /// <param name="source">Its text.</param>
    /// <param name="tokens">How special tokens are written, by the names that templates have for them: <c>bos_token</c>, <c>eos_token</c>.</param>
    /// <exception cref="InvalidTemplateException">It is malformed.</exception>
    public static ChatTemplate Parse(string source, IReadOnlyDictionary<string, string>? tokens = null) =>
        Parse(ImmutableDictionary<string, string>.Empty.Add(Default, source), tokens);

    /// <summary>Reads several templates.</summary>
    /// <param name="sources">Their texts by name; one is named <see cref="Default"/>.</param>
    /// <param name="tokens">How special tokens are written.</param>
    /// <exception cref="InvalidTemplateException">One is malformed.</exception>
    /// <exception cref="InvalidInputException">There is no default one, or a name has other characters than letters, digits, - and _.</exception>
    public static ChatTemplate Parse(ImmutableDictionary<string, string> sources, IReadOnlyDictionary<string, string>? tokens = null)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ChatTemplate template = Hold(sources, tokens);
        template.Check();
        return template;
    }

    /// <summary>
    /// Takes templates without reading them: a checkpoint whose template is malformed can still be converted, and generates where no
    /// template is needed.
    /// </summary>
    /// <exception cref="InvalidInputException">There is no default one, or a name would not do as that of a file.</exception>
    internal static ChatTemplate Hold(ImmutableDictionary<string, string> sources, IReadOnlyDictionary<string, string>? tokens)
    {
        if (!sources.ContainsKey(Default))
        {
            throw new InvalidInputException($"there is no chat template named \"{Default}\", only {string.Join(", ", sources.Keys.Order(StringComparer.Ordinal))}.");
        }

        if (sources.Keys.FirstOrDefault(name => !IsName(name)) is { } wrong)
        {
            throw new InvalidInputException($"\"{wrong}\" cannot be the name of a chat template: only letters, digits, - and _ can.");
        }

        return new ChatTemplate(sources, (tokens ?? ImmutableDictionary<string, string>.Empty).ToImmutableDictionary());
    }

    /// <summary>Makes sure that all templates can be read.</summary>
    /// <exception cref="InvalidTemplateException">One is malformed.</exception>
    public void Check() => _ = _templates.Value;

    // A name comes from a stranger's file and becomes that of a file.
    private static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && name.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_');

    /// <summary>How a tokenizer's special tokens are written, by the names that templates have for them.</summary>
    internal static ImmutableDictionary<string, string> TokensOf(Tokenizer? tokenizer)
    {
        ImmutableDictionary<string, string>.Builder tokens = ImmutableDictionary.CreateBuilder<string, string>();
        if (tokenizer?.BosTokenId is { } bos)
        {
            tokens["bos_token"] = tokenizer.GetPiece(bos);
        }

        if (tokenizer?.EosTokenIds is [int eos, ..])
        {
            tokens["eos_token"] = tokenizer.GetPiece(eos);
        }

        return tokens.ToImmutable();
    }

    /// <summary>Writes a conversation.</summary>
    /// <param name="messages">The messages so far.</param>
    /// <param name="options">Tools and variables, or null for the defaults.</param>
    /// <param name="cancellationToken">Stops the rendering.</param>
    /// <returns>The text to encode; special tokens in it are meant as such, and it brings its own token that starts the sequence.</returns>
    /// <exception cref="InvalidTemplateException">The template refuses the conversation, fails, or takes too much.</exception>
    public string Render(IEnumerable<ChatMessage> messages, ChatTemplateOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return Render(new JsonArray([.. messages.Select(message => message.ToJson())]), options, cancellationToken);
    }

    /// <summary>Writes a conversation that is given as JSON: whatever a message has besides role and content reaches the template.</summary>
    public string Render(JsonArray messages, ChatTemplateOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        options ??= new ChatTemplateOptions();
        JsonObject variables = new()
        {
            ["messages"] = messages.DeepClone(),
            ["add_generation_prompt"] = options.AddGenerationPrompt,
        };

        // As Hugging Face does: absent tools and documents are none, not undefined.
        variables["tools"] = options.Tools?.DeepClone();
        variables["documents"] = null;
        foreach ((string name, string token) in _tokens)
        {
            variables[name] = token;
        }

        foreach ((string name, JsonNode? value) in options.Variables ?? [])
        {
            variables[name] = value?.DeepClone();
        }

        string chosen = options.Tools is not null && Sources.ContainsKey(ToolUse) ? ToolUse : Default;
        return _templates.Value[chosen].Render(variables, options.Clock, cancellationToken);
    }
}
