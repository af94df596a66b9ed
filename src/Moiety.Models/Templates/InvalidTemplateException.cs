namespace Moiety.Models.Templates;

/// <summary>A template that cannot be read, fails while it runs, refuses its input (<c>raise_exception</c>) or takes too much.</summary>
public sealed class InvalidTemplateException : InvalidInputException
{
    /// <summary>Creates the error.</summary>
    /// <param name="line">Line of the template, from 1.</param>
    /// <param name="reason">What is wrong.</param>
    public InvalidTemplateException(int line, string reason)
        : base($"template, line {line}: {reason}.")
    {
        Line = line;
        Reason = reason;
    }

    /// <summary>Line of the template, from 1.</summary>
    public int Line { get; }

    /// <summary>What is wrong, without the place.</summary>
    public string Reason { get; }
}
