namespace Moiety.Models;

/// <summary>
/// Something that the user gave (a file, a flag, a configuration) is wrong. The message says what, where, why and
/// what to do; the command line prints it without a stack trace and exits with code 2.
/// </summary>
public class InvalidInputException : Exception
{
    /// <summary>Creates the error with a message for the user.</summary>
    public InvalidInputException(string message) : base(message)
    {
    }

    /// <summary>Creates the error with a message for the user and the failure beneath it.</summary>
    public InvalidInputException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
