using System.Buffers;

namespace Moiety.Models.Hub;

/// <summary>A model on the hub as users name it: <c>owner/name[:quantization][@revision]</c>.</summary>
/// <param name="Owner">Who published it.</param>
/// <param name="Name">Its name.</param>
/// <param name="Quantization">Which of several GGUF files, such as <c>Q4_K_M</c>; null for the usual choice.</param>
/// <param name="Revision">Branch, tag or commit.</param>
public sealed record HubReference(string Owner, string Name, string? Quantization, string Revision)
{
    private const int MaxLength = 96;
    private const string Main = "main";
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");
    private static readonly SearchValues<char> RevisionCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./");

    /// <summary>Owner and name, as the hub calls the model.</summary>
    public string Id => $"{Owner}/{Name}";

    /// <summary>Whether a text looks like a reference and not like a path.</summary>
    public static bool IsReference(string text) => TryParse(text, out _);

    /// <summary>Reads a reference.</summary>
    /// <exception cref="InvalidInputException">It has another form.</exception>
    public static HubReference Parse(string text) => TryParse(text, out HubReference? reference)
        ? reference!
        : throw new InvalidInputException($"\"{text}\" names no model of the hub: owner/name, owner/name:quantization or owner/name@revision is expected.");

    /// <inheritdoc/>
    public override string ToString() => $"{Id}{(Quantization is null ? "" : $":{Quantization}")}{(Revision == Main ? "" : $"@{Revision}")}";

    private static bool TryParse(string text, out HubReference? reference)
    {
        ArgumentNullException.ThrowIfNull(text);
        reference = null;
        int at = text.IndexOf('@', StringComparison.Ordinal);
        string revision = at < 0 ? Main : text[(at + 1)..];
        string rest = at < 0 ? text : text[..at];
        int colon = rest.IndexOf(':', StringComparison.Ordinal);
        string? quantization = colon < 0 ? null : rest[(colon + 1)..];
        string[] parts = (colon < 0 ? rest : rest[..colon]).Split('/');
        if (parts.Length != 2 || !parts.All(IsName) || quantization is not null && !IsName(quantization)
            || revision.Length is 0 or > MaxLength || revision.AsSpan().ContainsAnyExcept(RevisionCharacters)
            || revision.StartsWith('/') || revision.Contains("..", StringComparison.Ordinal))
        {
            return false;
        }

        reference = new HubReference(parts[0], parts[1], quantization, revision);
        return true;
    }

    // The rules of the hub: no name begins or ends with - or ., and -- separates owner and name in the cache.
    private static bool IsName(string name) => name.Length is > 0 and <= MaxLength
        && !name.AsSpan().ContainsAnyExcept(NameCharacters)
        && name[0] is not ('-' or '.') && name[^1] is not ('-' or '.')
        && !name.Contains("--", StringComparison.Ordinal) && !name.Contains("..", StringComparison.Ordinal);
}
