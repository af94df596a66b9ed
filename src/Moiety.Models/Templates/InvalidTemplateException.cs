namespace Moiety.Models.Templates;

/// <summary>A template that cannot be read, fails while it runs, refuses its input (<c>raise_exception</c>) or takes too much.</summary>
public sealed class InvalidTemplateException : InvalidInputException
{
    private const int LongestReason = 1000;

    /// <summary>Creates the error.</summary>
    /// <param name="line">Line of the template, from 1.</param>
    /// <param name="reason">What is wrong.</param>
    public InvalidTemplateException(int line, string reason)
        : base($"template, line {line}: {Cut(reason)}.")
    {
        Line = line;
        Reason = Cut(reason);
    }

    /// <summary>Line of the template, from 1.</summary>
    public int Line { get; }

    /// <summary>What is wrong, without the place.</summary>
    public string Reason { get; }

    // A template may put anything into its reason, also megabytes.
    private static string Cut(string reason) => reason.Length <= LongestReason ? reason : $"{reason[..LongestReason]}…";
}
