using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Moiety.Models.Hub;

/// <summary>
/// Requests to the hub: follows redirects itself, so that the token goes to the hub's own host only, waits when it is told to, and
/// turns refusals into errors that say what to do.
/// </summary>
internal sealed class HubRequests : IDisposable
{
    private const int MaxRedirects = 10;
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);
    private readonly HubOptions _options;
    private readonly HttpClient _client;

    public HubRequests(HubOptions options)
    {
        _options = options;
        _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectTimeout = options.Silence,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),

            // A cookie of one host has no business with another.
            UseCookies = false,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("moiety", "1.0"));
    }

    /// <summary>Asks once, following redirects.</summary>
    /// <param name="path">Path on the hub.</param>
    /// <param name="from">First byte wanted, or 0.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The answer, whatever its status, once its headers are there.</returns>
    /// <exception cref="HttpRequestException">The hub cannot be reached.</exception>
    /// <exception cref="HubException">It redirects without end, or to where nobody should go.</exception>
    public async Task<HttpResponseMessage> GetAsync(string path, long from, CancellationToken cancellationToken)
    {
        if (_options.IsOffline)
        {
            throw new HubException($"{path}: the hub is not asked, since HF_HUB_OFFLINE is set.");
        }

        Uri address = Address(path);
        for (int redirect = 0; redirect <= MaxRedirects; redirect++)
        {
            using HttpRequestMessage request = new(HttpMethod.Get, address);
            if (from > 0)
            {
                request.Headers.Range = new RangeHeaderValue(from, null);
            }

            if (_options.Token is { } token && IsHub(address))
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            }

            using CancellationTokenSource silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            silence.CancelAfter(_options.Silence);
            HttpResponseMessage response;
            try
            {
                response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
            {
                throw new HttpRequestException($"no answer within {_options.Silence.TotalSeconds:0} s", error);
            }

            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } location)
            {
                return response;
            }

            response.Dispose();
            Uri next = new(address, location);
            if (next.Scheme is not ("http" or "https") || address.Scheme == "https" && next.Scheme == "http")
            {
                throw new HubException($"{address.Host} redirects to {next.Scheme}://{next.Host}, which is not safe.");
            }

            address = next;
        }

        throw new HubException($"{path}: the hub redirects more than {MaxRedirects} times.");
    }

    /// <summary>Reads what comes next of an answer; nothing for as long as the hub may be silent is an error.</summary>
    /// <exception cref="HttpRequestException">Nothing came.</exception>
    public async Task<int> ReadAsync(Stream source, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using CancellationTokenSource silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(_options.Silence);
        try
        {
            return await source.ReadAsync(buffer, silence.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException(string.Create(CultureInfo.InvariantCulture, $"nothing came for {_options.Silence.TotalSeconds:0} s"), error);
        }
    }

    /// <summary>Asks until there is an answer that is no passing trouble.</summary>
    public async Task<HttpResponseMessage> GetPatientlyAsync(string path, Action<string>? waiting, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            TimeSpan? told = null;
            string trouble;
            try
            {
                HttpResponseMessage response = await GetAsync(path, 0, cancellationToken).ConfigureAwait(false);
                if (!IsPassing(response.StatusCode))
                {
                    return response;
                }

                trouble = $"the hub answers {(int)response.StatusCode}";
                told = RetryAfter(response);
                response.Dispose();
            }
            catch (HttpRequestException error)
            {
                trouble = error.Message;
            }

            if (attempt >= _options.Attempts)
            {
                throw new HubException($"{Address(path)}: {trouble}, after {attempt} attempts. Try again later.");
            }

            await WaitAsync(attempt, told, trouble, waiting, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits before a further attempt.</summary>
    public Task WaitAsync(int attempt, TimeSpan? told, string trouble, Action<string>? waiting, CancellationToken cancellationToken)
    {
        TimeSpan wait = told ?? _options.FirstDelay * Math.Pow(2, Math.Min(attempt - 1, 16));
        wait = wait > LongestWait && told is null ? LongestWait : wait;
        waiting?.Invoke($"{trouble}; next attempt in {wait.TotalSeconds:0.#} s");
        return Task.Delay(wait, cancellationToken);
    }

    /// <summary>Whether an answer says that a later attempt may succeed.</summary>
    public static bool IsPassing(HttpStatusCode status) => (int)status is 408 or 425 or 429 or >= 500;

    /// <summary>How long the hub wants to be left alone, an hour at most; null when it did not say.</summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        TimeSpan? wait = response.Headers.RetryAfter is not { } header ? null : header.Delta ?? header.Date - DateTimeOffset.UtcNow;
        return wait is { } time ? TimeSpan.FromTicks(Math.Clamp(time.Ticks, 0, TimeSpan.FromHours(1).Ticks)) : null;
    }

    /// <summary>The error of a refusal.</summary>
    public HubException Refusal(HubReference reference, string what, HttpStatusCode status) => new((int)status switch
    {
        401 when _options.Token is null => $"{what}: the hub wants to know who asks. Check the name {reference.Id}, or set HF_TOKEN if the model is private or gated.",
        401 => $"{what}: the hub does not accept the token in HF_TOKEN.",
        403 => $"{what}: access is denied. If the model is gated, accept its conditions on {Address(reference.Id)} and set HF_TOKEN.",
        404 => $"{what}: the hub has no such model, revision or file.",
        _ => $"{what}: the hub answers {(int)status}.",
    }, status);

    public void Dispose() => _client.Dispose();

    // A mirror may lie below a path of its host.
    private Uri Address(string path) => new($"{_options.Endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/')}/{path.TrimStart('/')}");

    private bool IsHub(Uri address) => address.Scheme == _options.Endpoint.Scheme && address.Host == _options.Endpoint.Host && address.Port == _options.Endpoint.Port;
}
