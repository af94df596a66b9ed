using System.Buffers;

namespace Moiety.Models.Hub;

/// <summary>One file of a model on the hub.</summary>
/// <param name="Path">Its path in the repository, checked: it stays inside.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Hash">Of a large file the SHA-256 of its content, of any other git's SHA-1 of it; lower case hexadecimal. The blob's name in the cache.</param>
public sealed record HubFile(string Path, long Size, string Hash)
{
    private const int MaxPathLength = 1024;
    private const int Sha1Length = 40;
    private const int Sha256Length = 64;
    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdef");

    /// <summary>Whether the hub keeps it in its large file storage.</summary>
    public bool IsLarge => Hash.Length == Sha256Length;

    /// <summary>Why a path or a hash must not be used, or null.</summary>
    internal static string? FindDanger(string path, long size, string hash)
    {
        if (path.Length is 0 or > MaxPathLength || path.StartsWith('/') || path.AsSpan().ContainsAny("\\:\0") || path.Any(char.IsControl)
            || path.Split('/').Any(part => part is "" or "." or ".."))
        {
            return $"the file name \"{path}\" leads out of the folder";
        }

        if (size < 0)
        {
            return $"{path}: the size {size} is negative";
        }

        return IsHash(hash) ? null : $"{path}: \"{hash}\" is no hash";
    }

    /// <summary>Whether a text is a hash, and so a safe name.</summary>
    internal static bool IsHash(string text) => text.Length is Sha1Length or Sha256Length && !text.AsSpan().ContainsAnyExcept(Hexadecimal);
}
