namespace Moiety.Models.Templates;

/// <summary>The tokens of a template, one after the other, for parsers.</summary>
internal sealed class TokenReader(List<TemplateToken> tokens, int maxDepth)
{
    private int _next;
    private int _depth;

    /// <summary>The token that comes next.</summary>
    public TemplateToken Current => tokens[_next];

    /// <summary>The token after it.</summary>
    public TemplateToken Following => tokens[Math.Min(_next + 1, tokens.Count - 1)];

    /// <summary>The token that was taken last.</summary>
    public TemplateToken Previous => tokens[_next - 1];

    /// <summary>Takes a token; the end can be taken again and again.</summary>
    public TemplateToken Next() => Current.Kind == TemplateTokenKind.End ? Current : tokens[_next++];

    /// <summary>Takes the next token if it is this symbol or name.</summary>
    public bool Take(string text)
    {
        if (!Current.Is(text))
        {
            return false;
        }

        _next++;
        return true;
    }

    /// <summary>Takes a token of a kind.</summary>
    /// <exception cref="InvalidTemplateException">The next token is of another kind.</exception>
    public TemplateToken Expect(TemplateTokenKind kind, string what) => Current.Kind == kind ? Next() : throw Unexpected(what);

    /// <summary>Takes a symbol or name.</summary>
    /// <exception cref="InvalidTemplateException">The next token is another.</exception>
    public void ExpectWord(string text)
    {
        if (!Take(text))
        {
            throw Unexpected($"\"{text}\"");
        }
    }

    /// <summary>The error that something else was expected.</summary>
    public InvalidTemplateException Unexpected(string expected) => new(Current.Line, $"found {Current.Show} where {expected} was expected");

    /// <summary>Goes one level down; <see cref="Leave"/> comes back.</summary>
    /// <exception cref="InvalidTemplateException">The template is nested too deep.</exception>
    public void Enter()
    {
        if (++_depth > maxDepth)
        {
            throw new InvalidTemplateException(Current.Line, $"it is nested deeper than {maxDepth} levels");
        }
    }

    /// <summary>Comes back from a level.</summary>
    public void Leave() => _depth--;
}
