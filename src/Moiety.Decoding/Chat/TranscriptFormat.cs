using System.Collections.Immutable;
using System.Text;
using Moiety.Models.Tokenizers;

namespace Moiety.Decoding.Chat;

/// <summary>
/// How a conversation is written as one text, for models without a chat template of their own. The model goes on where the
/// transcript ends and is stopped where it would begin the user's next turn.
/// </summary>
public sealed record TranscriptFormat : ConversationFormat
{
    /// <summary>The story world's instructions: <c>Instruction: …</c>, then <c>Reply: …</c>, a line each.</summary>
    public static TranscriptFormat Instructions { get; } = new() { UserLabel = "Instruction:", AssistantLabel = "Reply:" };

    /// <summary>What begins a turn of the user.</summary>
    public required string UserLabel { get; init; }

    /// <summary>What begins an answer.</summary>
    public required string AssistantLabel { get; init; }

    /// <summary>What ends an answer: the next turn of either side.</summary>
    public override ImmutableArray<string> StopStrings => [$"\n{UserLabel}", $"\n{AssistantLabel}"];

    /// <inheritdoc/>
    public override int[] Encode(Tokenizer tokenizer, string? system, IReadOnlyList<ChatTurn> turns)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return tokenizer.Encode(Write(system, turns));
    }

    /// <summary>Writes the conversation up to the place where the answer begins.</summary>
    /// <param name="system">What goes before everything, or null.</param>
    /// <param name="turns">The turns so far, the last one without an answer.</param>
    public string Write(string? system, IReadOnlyList<ChatTurn> turns)
    {
        ArgumentNullException.ThrowIfNull(turns);
        StringBuilder text = new();
        if (!string.IsNullOrEmpty(system))
        {
            text.Append(system).Append('\n');
        }

        foreach (ChatTurn turn in turns)
        {
            text.Append(UserLabel).Append(' ').Append(turn.Message).Append('\n').Append(AssistantLabel);
            if (turn.Answer is { } answer)
            {
                text.Append(' ').Append(answer).Append('\n');
            }
        }

        return text.ToString();
    }
}
