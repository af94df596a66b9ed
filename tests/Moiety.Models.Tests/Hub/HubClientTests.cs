using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Moiety.Models.Hub;
using Moiety.Numerics.Randomness;
using Moiety.Testing.Hub;

namespace Moiety.Models.Tests.Hub;

/// <summary>Whatever the network does, the cache is never wrong, and what was received and verified is kept.</summary>
public sealed class HubClientTests : IDisposable
{
    private static readonly HubReference Reference = HubReference.Parse("someone/a-model");
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, byte[]> _files;

    public HubClientTests()
    {
        Xoshiro256 random = new(7);
        byte[] weights = new byte[300_000];
        foreach (ref byte value in weights.AsSpan())
        {
            value = (byte)random.NextInt32(256);
        }

        _files = new Dictionary<string, byte[]>
        {
            ["config.json"] = Encoding.UTF8.GetBytes("{\"model_type\": \"llama\"}"),
            ["tokenizer.json"] = Encoding.UTF8.GetBytes("{}"),
            ["model-00001-of-00002.safetensors"] = weights,
            ["model-00002-of-00002.safetensors"] = weights[1000..200_000],
            ["model.safetensors.index.json"] = Encoding.UTF8.GetBytes("{\"weight_map\": {}}"),
            ["additional_chat_templates/tool_use.jinja"] = Encoding.UTF8.GetBytes("{{ tools }}"),
            ["README.md"] = [1, 2, 3],
            ["empty.json"] = [],
        };
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_model_arrives_in_the_layout_that_all_tools_of_the_hub_share()
    {
        using HubServer server = new(_files);
        using HubClient client = Client(server);
        List<HubProgress> states = [];
        string snapshot = await client.PullAsync(Reference, new Relay(states), Stop);
        string model = Path.Combine(_folder.Path, "models--someone--a-model");
        Assert.Equal(Path.Combine(model, "snapshots", HubServer.Commit), snapshot);
        Assert.Equal(HubServer.Commit, await File.ReadAllTextAsync(Path.Combine(model, "refs", "main"), Stop));
        AssertWhole(snapshot);
        Assert.False(File.Exists(Path.Combine(snapshot, "README.md")));
        string link = new FileInfo(Path.Combine(snapshot, "config.json")).LinkTarget!;
        Assert.StartsWith(Path.Combine("..", "..", "blobs"), link, StringComparison.Ordinal);
        Assert.All(states, state => Assert.InRange(state.BytesDone, 0, state.TotalBytes));
        Assert.Equal((states[^1].TotalBytes, states[^1].TotalFiles), (states[^1].BytesDone, states[^1].FilesDone));

        // A second pull asks what there is and downloads nothing; offline, nobody is asked.
        int requests = server.Requests.Count;
        Assert.Equal(snapshot, await client.PullAsync(Reference, null, Stop));
        Assert.Equal(requests + 1, server.Requests.Count);
        using HubClient offline = Client(server, options => options with { IsOffline = true });
        Assert.Equal(snapshot, await offline.PullAsync(Reference, null, Stop));
        Assert.Equal(requests + 1, server.Requests.Count);
        await Assert.ThrowsAsync<HubException>(() => offline.PullAsync(HubReference.Parse("someone/other"), null, Stop));

        HubCachedModel listed = Assert.Single(client.Cache.List());
        Assert.Equal(("someone/a-model", 1, false), (listed.Id, listed.Revisions, listed.IsIncomplete));
        Assert.Equal(listed.Bytes, client.Cache.Remove(Reference));
        Assert.Empty(client.Cache.List());
        Assert.Null(client.Cache.Remove(Reference));
    }

    [Fact]
    public async Task A_thousand_cut_connections_lose_no_byte_and_make_none_wrong()
    {
        using HubServer server = new(_files);
        SplitMix64 random = new(3);
        int cuts = 0;
        long sent = 0;
        server.Misbehave = path =>
        {
            if (!path.Contains("/resolve/", StringComparison.Ordinal) || cuts >= 1000)
            {
                return null;
            }

            // 0 to 700 bytes of what was asked for, then the connection is reset.
            cuts++;
            HubServer.Answer whole = server.Reply(path, server.Requests.Last(request => Uri.UnescapeDataString(request.Line).Contains(path, StringComparison.Ordinal)).Headers);
            int length = (int)(random.Next() % 700);
            sent += Math.Min(length, whole.Body.Length);
            return whole with { CutAfter = length };
        };
        using HubClient client = Client(server, options => options with { Parallelism = 1, Attempts = 20 });
        AssertWhole(await client.PullAsync(Reference, null, Stop));
        Assert.Equal(1000, cuts);

        // Every request after a cut began where the bytes had ended.
        Assert.Contains(server.Requests, request => request.Headers.ContainsKey("Range"));
        Assert.True(sent > 0);
    }

    [Fact]
    public async Task Wrong_content_is_downloaded_again_once_and_then_refused()
    {
        using HubServer server = new(_files);
        int wrong = 1;
        server.Misbehave = path => path.EndsWith("00002-of-00002.safetensors", StringComparison.Ordinal) && wrong-- > 0
            ? new HubServer.Answer("200 OK", "", [.. _files["model-00002-of-00002.safetensors"].Reverse()])
            : null;
        using (HubClient client = Client(server))
        {
            AssertWhole(await client.PullAsync(Reference, null, Stop));
            client.Cache.Remove(Reference);
        }

        wrong = int.MaxValue;
        using HubClient stubborn = Client(server);
        HubException error = await Assert.ThrowsAsync<HubException>(() => stubborn.PullAsync(Reference, null, Stop));
        Assert.Contains("model-00002-of-00002.safetensors", error.Message, StringComparison.Ordinal);
        Assert.Contains("announced", error.Message, StringComparison.Ordinal);
        AssertBlobsAreRight();

        // What was right stays; the second attempt asks only for the rest.
        wrong = 0;
        int before = server.Requests.Count;
        AssertWhole(await stubborn.PullAsync(Reference, null, Stop));
        Assert.InRange(server.Requests.Count - before, 1, 4);
    }

    [Fact]
    public async Task Too_many_bytes_are_wrong_content()
    {
        using HubServer server = new(_files);
        server.Misbehave = path => path.EndsWith("config.json", StringComparison.Ordinal)
            ? new HubServer.Answer("200 OK", "", [.. _files["config.json"], .. new byte[5_000_000]])
            : null;
        using HubClient client = Client(server);
        await Assert.ThrowsAsync<HubException>(() => client.PullAsync(Reference, null, Stop));
        AssertBlobsAreRight();
    }

    [Fact]
    public async Task The_client_waits_as_long_as_the_hub_asks_it_to()
    {
        using HubServer server = new(_files);
        int refusals = 3;
        server.Misbehave = path => path.EndsWith("tokenizer.json", StringComparison.Ordinal) && refusals-- > 0
            ? new HubServer.Answer("429 Too Many Requests", "Retry-After: 1\r\n", [])
            : null;
        using HubClient client = Client(server);
        List<HubProgress> states = [];
        Stopwatch watch = Stopwatch.StartNew();
        AssertWhole(await client.PullAsync(Reference, new Relay(states), Stop));
        Assert.True(watch.Elapsed > TimeSpan.FromSeconds(2.9), $"It waited {watch.Elapsed} only.");
        Assert.Contains(states, state => state.Note?.Contains("429", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task The_token_goes_to_the_hub_and_to_no_other_host()
    {
        using HubServer storage = new(_files);
        using HubServer server = new(_files);
        server.Misbehave = path => path.EndsWith(".safetensors", StringComparison.Ordinal)
            ? new HubServer.Answer("302 Found", $"Location: {storage.Address}{path}\r\n", [])
            : path.EndsWith("/config.json", StringComparison.Ordinal) ? new HubServer.Answer("307 Temporary Redirect", $"Location: {path.Replace("config.json", "./tokenizer.json", StringComparison.Ordinal)}\r\n", []) : null;
        _files["config.json"] = _files["tokenizer.json"];
        using HubClient client = Client(server, options => options with { Token = "hf_secret" });
        AssertWhole(await client.PullAsync(Reference, null, Stop));
        Assert.All(server.Requests, request => Assert.Equal("Bearer hf_secret", request.Headers["Authorization"]));
        Assert.Equal(2, storage.Requests.Count);
        Assert.All(storage.Requests, request => Assert.False(request.Headers.ContainsKey("Authorization")));
    }

    [Fact]
    public async Task Redirects_without_end_are_refused()
    {
        using HubServer server = new(_files);
        server.Misbehave = path => new HubServer.Answer("302 Found", $"Location: {path}\r\n", []);
        using HubClient client = Client(server);
        Assert.Contains("redirects", (await Assert.ThrowsAsync<HubException>(() => client.PullAsync(Reference, null, Stop))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../../evil")]
    [InlineData("/etc/passwd")]
    [InlineData("a/../../b")]
    [InlineData("a\\b")]
    [InlineData("c:evil")]
    [InlineData("")]
    [InlineData("a//b")]
    [InlineData("a\nb")]
    public async Task A_file_name_that_leads_out_of_the_folder_is_refused(string name)
    {
        using HubServer server = new(_files);
        JsonObject description = server.Describe();
        description["siblings"]![0]!["rfilename"] = name;
        server.Misbehave = path => path.StartsWith("/api/", StringComparison.Ordinal) ? new HubServer.Answer("200 OK", "", Encoding.UTF8.GetBytes(description.ToJsonString())) : null;
        using HubClient client = Client(server);
        await Assert.ThrowsAnyAsync<InvalidInputException>(() => client.PullAsync(Reference, null, Stop));
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "models--someone--a-model", "snapshots")));
    }

    [Theory]
    [InlineData("sha", "../..")]
    [InlineData("sha", "0123")]
    [InlineData("blobId", "../../../../tmp/x")]
    [InlineData("size", "-1")]
    [InlineData("size", "9223372036854775807")]
    public async Task A_description_that_lies_about_hashes_is_refused(string field, string value)
    {
        using HubServer server = new(_files);
        JsonObject description = server.Describe();
        JsonObject target = field == "sha" ? description : description["siblings"]![0]!.AsObject();
        target[field] = field == "size" ? JsonValue.Create(long.Parse(value, CultureInfo.InvariantCulture)) : value;
        server.Misbehave = _ => new HubServer.Answer("200 OK", "", Encoding.UTF8.GetBytes(description.ToJsonString()));
        using HubClient client = Client(server);
        await Assert.ThrowsAnyAsync<InvalidInputException>(() => client.PullAsync(Reference, null, Stop));
    }

    [Fact]
    public async Task A_file_that_is_listed_twice_is_refused()
    {
        using HubServer server = new(_files);
        JsonObject description = server.Describe();
        description["siblings"]!.AsArray().Add(description["siblings"]![0]!.DeepClone());
        server.Misbehave = _ => new HubServer.Answer("200 OK", "", Encoding.UTF8.GetBytes(description.ToJsonString()));
        using HubClient client = Client(server);
        Assert.Contains("twice", (await Assert.ThrowsAnyAsync<InvalidInputException>(() => client.PullAsync(Reference, null, Stop))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mirror_may_lie_below_a_path()
    {
        using HubServer server = new(_files) { Misbehave = path => path.StartsWith("/mirror/", StringComparison.Ordinal) ? null : new HubServer.Answer("404 Not Found", "", []) };
        using HubClient client = Client(server, options => options with { Endpoint = new Uri(options.Endpoint, "mirror") });
        await Assert.ThrowsAnyAsync<InvalidInputException>(() => client.PullAsync(Reference, null, Stop));
        Assert.All(server.Requests, request => Assert.Contains(" /mirror/api/models/", request.Line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("401 Unauthorized", "HF_TOKEN")]
    [InlineData("403 Forbidden", "conditions")]
    [InlineData("404 Not Found", "no such model")]
    public async Task A_refusal_says_what_to_do(string status, string advice)
    {
        using HubServer server = new(_files) { Misbehave = _ => new HubServer.Answer(status, "", []) };
        using HubClient client = Client(server);
        Assert.Contains(advice, (await Assert.ThrowsAsync<HubException>(() => client.PullAsync(Reference, null, Stop))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_there_is_an_error_after_some_attempts()
    {
        HubServer server = new(_files);
        using HubClient client = Client(server);
        server.Dispose();
        Assert.Contains("attempts", (await Assert.ThrowsAsync<HubException>(() => client.PullAsync(Reference, null, Stop))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_that_pull_the_same_model_share_the_work()
    {
        using HubServer server = new(_files);
        using HubClient first = Client(server);
        using HubClient second = Client(server);
        string[] snapshots = await Task.WhenAll(first.PullAsync(Reference, null, Stop), second.PullAsync(Reference, null, Stop));
        Assert.Equal(snapshots[0], snapshots[1]);
        AssertWhole(snapshots[0]);
        int downloads = server.Requests.Count(request => request.Line.Contains("/resolve/", StringComparison.Ordinal));
        Assert.Equal(6, downloads);
    }

    [Fact]
    public async Task A_full_disk_is_said_and_loses_nothing()
    {
        string disk = _folder["disk"];
        Directory.CreateDirectory(disk);
        using Process mount = Process.Start(new ProcessStartInfo("sh", ["-c", $"mount -t tmpfs -o size=400k tmpfs '{disk}' 2>&1"]) { RedirectStandardOutput = true })!;
        string output = await mount.StandardOutput.ReadToEndAsync(Stop);
        await mount.WaitForExitAsync(Stop);
        Assert.SkipUnless(mount.ExitCode == 0, $"a small file system cannot be mounted here: {output}");
        try
        {
            using HubServer server = new(_files);
            using HubClient client = Client(server, options => options with { CacheFolder = disk, Parallelism = 1 });
            InvalidInputException error = await Assert.ThrowsAnyAsync<InvalidInputException>(() => client.PullAsync(Reference, null, Stop));
            Assert.Contains("HF_HUB_CACHE", error.Message, StringComparison.Ordinal);

            // The hub understates a size: the disk fills up in the middle.
            JsonObject description = server.Describe();
            foreach (JsonNode? sibling in description["siblings"]!.AsArray().Where(sibling => sibling!["rfilename"]!.GetValue<string>().StartsWith("model-00002", StringComparison.Ordinal)))
            {
                sibling!["lfs"]!["size"] = 100;
            }

            using Process resize = Process.Start("mount", ["-o", "remount,size=340k", disk]);
            await resize.WaitForExitAsync(Stop);
            server.Misbehave = path => path.StartsWith("/api/", StringComparison.Ordinal) ? new HubServer.Answer("200 OK", "", Encoding.UTF8.GetBytes(description.ToJsonString())) : null;
            await Assert.ThrowsAnyAsync<InvalidInputException>(() => client.PullAsync(Reference, null, Stop));
            AssertBlobsAreRight(disk);
        }
        finally
        {
            using Process unmount = Process.Start("umount", [disk]);
            await unmount.WaitForExitAsync(CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_quantization_is_one_file_or_all_its_parts()
    {
        Dictionary<string, byte[]> files = new()
        {
            ["m-Q4_K_M.gguf"] = [1],
            ["m-Q4_K_S.gguf"] = [2],
            ["m-Q8_0-00001-of-00002.gguf"] = [3],
            ["m-Q8_0-00002-of-00002.gguf"] = [4],
            ["m-Q8_0-large-00001-of-00002.gguf"] = [6],
            ["mmproj-Q8_0.gguf"] = [5],
        };
        using HubServer server = new(files);
        using HubClient client = Client(server);
        Assert.Equal("m-Q4_K_M.gguf", Path.GetFileName(await client.PullAsync(Reference, null, Stop)));
        Assert.Equal("m-Q4_K_S.gguf", Path.GetFileName(await client.PullAsync(HubReference.Parse("someone/a-model:q4_k_s"), null, Stop)));
        string first = await client.PullAsync(HubReference.Parse("someone/a-model:Q8_0"), null, Stop);
        Assert.Equal("m-Q8_0-00001-of-00002.gguf", Path.GetFileName(first));
        Assert.True(File.Exists(first.Replace("00001-of", "00002-of", StringComparison.Ordinal)));
        Assert.False(File.Exists(first.Replace("Q8_0-", "Q8_0-large-", StringComparison.Ordinal)));
        Assert.Equal(first, client.Find(HubReference.Parse("someone/a-model:Q8_0")));
        InvalidInputException error = await Assert.ThrowsAsync<InvalidInputException>(() => client.PullAsync(HubReference.Parse("someone/a-model:Q5_K_M"), null, Stop));
        Assert.Contains("m-Q4_K_M.gguf", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidInputException>(() => client.PullAsync(HubReference.Parse("someone/a-model:Q4_K"), null, Stop));
    }

    [Theory]
    [InlineData("owner/name", "owner", "name", null, "main")]
    [InlineData("owner/name:Q4_K_M", "owner", "name", "Q4_K_M", "main")]
    [InlineData("owner/name:Q8_0@refs/pr/1", "owner", "name", "Q8_0", "refs/pr/1")]
    public void References_are_read(string text, string owner, string name, string? quantization, string revision) =>
        Assert.Equal(new HubReference(owner, name, quantization, revision), HubReference.Parse(text));

    [Theory]
    [InlineData("name")]
    [InlineData("a/b/c")]
    [InlineData("../b")]
    [InlineData("a/..")]
    [InlineData("a/b@../x")]
    [InlineData("a/b@/x")]
    [InlineData("-a/b")]
    [InlineData("a--b/c")]
    [InlineData("a b/c")]
    [InlineData("a/b:")]
    [InlineData("a/b@")]
    [InlineData("")]
    public void What_is_no_reference_is_refused(string text) => Assert.Throws<InvalidInputException>(() => HubReference.Parse(text));

    [Fact]
    public void The_environment_of_the_hubs_own_tools_is_honored()
    {
        string token = _folder["token"];
        File.WriteAllText(token, "hf_file\n");
        Dictionary<string, string> variables = new() { ["HF_HOME"] = _folder.Path, ["HF_ENDPOINT"] = "https://mirror.example", ["HF_HUB_OFFLINE"] = "1" };
        HubOptions options = HubOptions.FromEnvironment(variables.GetValueOrDefault);
        Assert.Equal((new Uri("https://mirror.example"), "hf_file", Path.Combine(_folder.Path, "hub"), true), (options.Endpoint, options.Token, options.CacheFolder, options.IsOffline));
        variables["HF_TOKEN"] = "hf_environment";
        variables["HF_HUB_CACHE"] = "/elsewhere";
        options = HubOptions.FromEnvironment(variables.GetValueOrDefault);
        Assert.Equal(("hf_environment", "/elsewhere"), (options.Token, options.CacheFolder));
        variables["HF_ENDPOINT"] = "file:///etc";
        Assert.Throws<InvalidInputException>(() => HubOptions.FromEnvironment(variables.GetValueOrDefault));
    }

    private HubClient Client(HubServer server, Func<HubOptions, HubOptions>? change = null)
    {
        HubOptions options = new() { Endpoint = server.Address, CacheFolder = _folder.Path, FirstDelay = TimeSpan.FromMilliseconds(1), Silence = TimeSpan.FromSeconds(20) };
        return new HubClient(change?.Invoke(options) ?? options);
    }

    private void AssertWhole(string snapshot)
    {
        foreach (string name in (ReadOnlySpan<string>)["config.json", "tokenizer.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json", "additional_chat_templates/tool_use.jinja"])
        {
            Assert.Equal(_files[name], File.ReadAllBytes(Path.Combine(snapshot, name)));
        }

        AssertBlobsAreRight();
    }

    private void AssertBlobsAreRight(string? cache = null)
    {
        foreach (string blob in Directory.EnumerateFiles(cache ?? _folder.Path, "*", SearchOption.AllDirectories).Where(path => Path.GetFileName(Path.GetDirectoryName(path)) == "blobs"))
        {
            string name = Path.GetFileName(blob);
            byte[] content = File.ReadAllBytes(blob);
            Assert.True(name.EndsWith(".incomplete", StringComparison.Ordinal)
                || name == Convert.ToHexStringLower(SHA256.HashData(content))
                || name == Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content])), $"{blob} is wrong.");
        }
    }

    private sealed class Relay(List<HubProgress> states) : IProgress<HubProgress>
    {
        public void Report(HubProgress value)
        {
            lock (states)
            {
                states.Add(value);
            }
        }
    }
}
