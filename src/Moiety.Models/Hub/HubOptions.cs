namespace Moiety.Models.Hub;

/// <summary>Where the hub is, who asks, and where downloads go: the environment variables of <c>huggingface_hub</c> are honored.</summary>
public sealed record HubOptions
{
    private static readonly Uri PublicHub = new("https://huggingface.co");

    /// <summary>Address of the hub: <c>HF_ENDPOINT</c>, or the public one.</summary>
    public Uri Endpoint { get; init; } = PublicHub;

    /// <summary>Access token: <c>HF_TOKEN</c>, or the file that <c>huggingface-cli login</c> wrote; null for none. Sent to <see cref="Endpoint"/> only.</summary>
    public string? Token { get; init; }

    /// <summary>Folder of the shared cache: <c>HF_HUB_CACHE</c>, or <c>hub</c> in <c>HF_HOME</c>, or <c>~/.cache/huggingface/hub</c>.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>Whether no network may be touched: <c>HF_HUB_OFFLINE</c>.</summary>
    public bool IsOffline { get; init; }

    /// <summary>Files downloaded at the same time.</summary>
    public int Parallelism { get; init; } = 4;

    /// <summary>Attempts in a row that bring nothing before a download is given up.</summary>
    public int Attempts { get; init; } = 6;

    /// <summary>Wait before the second attempt; each further one waits twice as long, a minute at most.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the hub may say nothing.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Reads the environment.</summary>
    /// <exception cref="InvalidInputException"><c>HF_ENDPOINT</c> is no address.</exception>
    public static HubOptions FromEnvironment() => FromEnvironment(Environment.GetEnvironmentVariable);

    /// <summary>Reads an environment that is given as a function.</summary>
    /// <exception cref="InvalidInputException"><c>HF_ENDPOINT</c> is no address.</exception>
    public static HubOptions FromEnvironment(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        string? Set(string name) => variable(name) is { Length: > 0 } value ? value : null;
        string home = Set("HF_HOME") ?? Path.Combine(Set("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "huggingface");
        string endpoint = Set("HF_ENDPOINT") ?? PublicHub.OriginalString;
        return new HubOptions
        {
            Endpoint = Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"
                ? address
                : throw new InvalidInputException($"HF_ENDPOINT is \"{endpoint}\": an address that begins with https:// is expected."),
            Token = Set("HF_TOKEN") ?? ReadToken(Set("HF_TOKEN_PATH") ?? Path.Combine(home, "token")),
            CacheFolder = Set("HF_HUB_CACHE") ?? Path.Combine(home, "hub"),
            IsOffline = Set("HF_HUB_OFFLINE")?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE",
        };
    }

    private static string? ReadToken(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim() is { Length: > 0 } token ? token : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Nobody has logged in here.
            return null;
        }
    }
}
