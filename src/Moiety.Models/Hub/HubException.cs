using System.Net;

namespace Moiety.Models.Hub;

/// <summary>The hub refused a request, cannot be reached, or sent what it had not announced.</summary>
public sealed class HubException : InvalidInputException
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">What was asked for, what went wrong, and what to do.</param>
    /// <param name="status">The status of the answer, or null when there was none.</param>
    /// <param name="inner">What lies beneath.</param>
    public HubException(string message, HttpStatusCode? status = null, Exception? inner = null)
        : base(message, inner!) => Status = status;

    /// <summary>The status of the answer, or null when there was none.</summary>
    public HttpStatusCode? Status { get; }
}
