using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Moiety.Testing.Hub;

/// <summary>
/// A hub on loopback: the two kinds of requests that the client makes, and all the ways in which a network treats them badly. It
/// answers one request per connection.
/// </summary>
public sealed class HubServer : IDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();

    public HubServer(Dictionary<string, byte[]>? files = null)
    {
        Files = files ?? [];
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>The files of every model, by path.</summary>
    public Dictionary<string, byte[]> Files { get; }

    /// <summary>The requests so far: the first line, then the headers.</summary>
    public ConcurrentQueue<(string Line, Dictionary<string, string> Headers)> Requests { get; } = new();

    /// <summary>May answer a request in its own way: status line and headers, body, and after how many bytes to cut.</summary>
    public Func<string, Answer?>? Misbehave { get; set; }

    /// <summary>Address under the name by which clients know the hub.</summary>
    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>Stops answering.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    /// <summary>An answer.</summary>
    /// <param name="Status">Status and reason.</param>
    /// <param name="Headers">Further headers, each with its line end.</param>
    /// <param name="Body">The body.</param>
    /// <param name="CutAfter">Bytes of the body after which the connection is reset; null to send all.</param>
    public sealed record Answer(string Status, string Headers, byte[] Body, int? CutAfter = null);

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _ = Task.Run(() => ServeAsync(client));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                using StreamReader reader = new(stream, Encoding.ASCII, leaveOpen: true);
                string line = await reader.ReadLineAsync(_stop.Token) ?? "";
                Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
                while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } header)
                {
                    int colon = header.IndexOf(':', StringComparison.Ordinal);
                    headers[header[..colon]] = header[(colon + 1)..].Trim();
                }

                Requests.Enqueue((line, headers));
                string path = Uri.UnescapeDataString(line.Split(' ')[1]);
                Answer answer = Misbehave?.Invoke(path) ?? Reply(path, headers);
                byte[] head = Encoding.ASCII.GetBytes($"HTTP/1.1 {answer.Status}\r\nConnection: close\r\nContent-Length: {answer.Body.Length}\r\n{answer.Headers}\r\n");
                await stream.WriteAsync(head, _stop.Token);
                await stream.WriteAsync(answer.Body.AsMemory(0, Math.Min(answer.CutAfter ?? answer.Body.Length, answer.Body.Length)), _stop.Token);
                if (answer.CutAfter is not null)
                {
                    client.Client.LingerState = new LingerOption(true, 0);
                }
            }
            catch (Exception error) when (error is IOException or OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The client went away, or the test is over.
            }
        }
    }

    /// <summary>What an honest hub says.</summary>
    public Answer Reply(string path, Dictionary<string, string> headers)
    {
        if (path.StartsWith("/api/models/", StringComparison.Ordinal))
        {
            return new Answer("200 OK", "Content-Type: application/json\r\n", Encoding.UTF8.GetBytes(Describe().ToJsonString()));
        }

        int resolve = path.IndexOf($"/resolve/{Commit}/", StringComparison.Ordinal);
        if (resolve < 0 || !Files.TryGetValue(path[(resolve + $"/resolve/{Commit}/".Length)..], out byte[]? content))
        {
            return new Answer("404 Not Found", "", []);
        }

        if (headers.TryGetValue("Range", out string? range))
        {
            int from = int.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture);
            return from < content.Length
                ? new Answer("206 Partial Content", $"Content-Range: bytes {from}-{content.Length - 1}/{content.Length}\r\n", content[from..])
                : new Answer("416 Range Not Satisfiable", "", []);
        }

        return new Answer("200 OK", "", content);
    }

    /// <summary>The description of a model; weights are large files.</summary>
    public JsonObject Describe() => new()
    {
        ["sha"] = Commit,
        ["siblings"] = new JsonArray([.. Files.Select(file => Sibling(file.Key, file.Value))]),
    };

    private static JsonObject Sibling(string path, byte[] content)
    {
        JsonObject sibling = new()
        {
            ["rfilename"] = path,
            ["size"] = content.Length,
            ["blobId"] = Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content])),
        };
        if (!path.EndsWith(".json", StringComparison.Ordinal))
        {
            sibling["lfs"] = new JsonObject { ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(content)), ["size"] = content.Length };
        }

        return sibling;
    }
}
