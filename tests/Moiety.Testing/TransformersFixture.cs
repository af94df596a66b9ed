using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Moiety.Testing;

/// <summary>
/// A tiny random checkpoint in the Hugging Face layout and what <c>transformers</c> computed with it, from
/// <c>tests/fixtures/transformers</c>; <c>tests/fixtures/scripts/make_transformers_fixtures.py</c> made both.
/// </summary>
public sealed class TransformersFixture
{
    private readonly Dictionary<string, byte[]> _tensors = [];

    private TransformersFixture(string name)
    {
        Path = System.IO.Path.Combine(Root, name);
        byte[] file = File.ReadAllBytes(System.IO.Path.Combine(Path, "expected.safetensors"));
        int header = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        using JsonDocument json = JsonDocument.Parse(file.AsMemory(sizeof(ulong), header));
        foreach (JsonProperty tensor in json.RootElement.EnumerateObject().Where(tensor => tensor.Name != "__metadata__"))
        {
            JsonElement range = tensor.Value.GetProperty("data_offsets");
            int start = sizeof(ulong) + header;
            _tensors[tensor.Name] = file[(start + range[0].GetInt32())..(start + range[1].GetInt32())];
        }

        Count = _tensors.Keys.Count(key => key.EndsWith(".input_ids", StringComparison.Ordinal));
    }

    /// <summary>The folder of all fixtures.</summary>
    public static string Root { get; } = System.IO.Path.Combine(Repository.Root, "tests", "fixtures", "transformers");

    /// <summary>The checkpoint's folder.</summary>
    public string Path { get; }

    /// <summary>Number of inputs.</summary>
    public int Count { get; }

    /// <summary>Opens the fixture of a name, that of its folder.</summary>
    public static TransformersFixture Open(string name) => new(name);

    /// <summary>The token ids of an input.</summary>
    public int[] InputIds(int input) => MemoryMarshal.Cast<byte, int>(_tensors[$"{input}.input_ids"]).ToArray();

    /// <summary>The token types of an input; empty where the model has none.</summary>
    public int[] TokenTypeIds(int input) =>
        _tensors.TryGetValue($"{input}.token_type_ids", out byte[]? bytes) ? MemoryMarshal.Cast<byte, int>(bytes).ToArray() : [];

    /// <summary>
    /// What the library computed, row-major: <c>last_hidden_state</c> [tokens, hidden], <c>logits</c> [tokens, vocabulary] or [classes],
    /// <c>pooler_output</c> [hidden].
    /// </summary>
    public float[] Output(int input, string name) => MemoryMarshal.Cast<byte, float>(_tensors[$"{input}.{name}"]).ToArray();
}
