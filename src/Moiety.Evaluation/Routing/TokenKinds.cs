using System.Text;
using Moiety.Models.Tokenizers;

namespace Moiety.Evaluation.Routing;

/// <summary>Sorts the tokens of a text into kinds. Text is judged by its first character that is no space.</summary>
/// <param name="tokenizer">The tokenizer of the text.</param>
public sealed class TokenKinds(Tokenizer tokenizer)
{
    /// <summary>The kind of each token of a sequence, in its order.</summary>
    /// <param name="tokens">Token ids.</param>
    public TokenKind[] Of(ReadOnlySpan<int> tokens)
    {
        TokenKind[] kinds = new TokenKind[tokens.Length];
        bool inWord = false;
        for (int index = 0; index < tokens.Length; index++)
        {
            (kinds[index], inWord) = Classify(tokens[index], inWord);
        }

        return kinds;
    }

    // Bytes that are no whole character are part of a letter of another script far more often than of anything else.
    private (TokenKind Kind, bool InWord) Classify(int token, bool inWord)
    {
        if (tokenizer.IsSpecial(token))
        {
            return (TokenKind.Special, false);
        }

        string text = Encoding.UTF8.GetString(tokenizer.GetBytes(token));
        string trimmed = text.TrimStart();
        if (trimmed.Length == 0)
        {
            return (TokenKind.WhiteSpace, false);
        }

        bool endsInWord = IsLetter(text[^1]);
        char first = trimmed[0];
        TokenKind kind = char.IsDigit(first) ? TokenKind.Digit
            : !IsLetter(first) ? TokenKind.Punctuation
            : inWord && trimmed.Length == text.Length ? TokenKind.WordPiece
            : TokenKind.WordStart;
        return (kind, endsInWord);
    }

    private static bool IsLetter(char character) => char.IsLetter(character) || char.IsSurrogate(character) || character == '\uFFFD';
}
