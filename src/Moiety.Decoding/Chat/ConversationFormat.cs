using System.Collections.Immutable;
using Moiety.Models.Tokenizers;

namespace Moiety.Decoding.Chat;

/// <summary>How a conversation becomes the tokens that a model goes on from.</summary>
public abstract record ConversationFormat
{
    /// <summary>Texts that end an answer besides the model's own end tokens.</summary>
    public abstract ImmutableArray<string> StopStrings { get; }

    /// <summary>Writes the conversation up to the place where the answer begins, as tokens.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="system">What goes before everything, or null.</param>
    /// <param name="turns">The turns so far, the last one without an answer.</param>
    public abstract int[] Encode(Tokenizer tokenizer, string? system, IReadOnlyList<ChatTurn> turns);
}
