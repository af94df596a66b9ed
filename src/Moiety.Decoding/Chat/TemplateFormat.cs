using System.Collections.Immutable;
using Moiety.Models.Chat;
using Moiety.Models.Tokenizers;

namespace Moiety.Decoding.Chat;

/// <summary>The model's own chat template. Special tokens in what it writes are meant as such, also the one that starts the text.</summary>
/// <param name="Template">The template.</param>
/// <param name="Options">Tools and variables that it may look at, or null.</param>
public sealed record TemplateFormat(ChatTemplate Template, ChatTemplateOptions? Options = null) : ConversationFormat
{
    /// <inheritdoc/>
    public override ImmutableArray<string> StopStrings => [];

    /// <inheritdoc/>
    /// <exception cref="Moiety.Models.Templates.InvalidTemplateException">The template refuses the conversation, fails, or takes too much.</exception>
    public override int[] Encode(Tokenizer tokenizer, string? system, IReadOnlyList<ChatTurn> turns)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return tokenizer.Encode(Template.Render(Messages(system, turns), Options), addSpecialTokens: false, parseSpecialTokens: true);
    }

    private static IEnumerable<ChatMessage> Messages(string? system, IReadOnlyList<ChatTurn> turns)
    {
        if (!string.IsNullOrEmpty(system))
        {
            yield return new ChatMessage("system", system);
        }

        foreach (ChatTurn turn in turns)
        {
            yield return new ChatMessage("user", turn.Message);
            if (turn.Answer is { } answer)
            {
                yield return new ChatMessage("assistant", answer);
            }
        }
    }
}
