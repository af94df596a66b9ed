using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Randomness;

namespace Moiety.Testing;

/// <summary>Random low-rank adapters as files of the two kinds, written from the formats' descriptions.</summary>
public sealed class AdapterFiles
{
    private readonly List<(string Module, int Rows, int Columns, float[] A, float[] B, int Rank)> _factors = [];
    private Xoshiro256 _random;

    public AdapterFiles(ulong seed) => _random = new Xoshiro256(seed);

    /// <summary>Adds a module: B [rows, rank] times A [rank, columns].</summary>
    public AdapterFiles Add(string module, int rows, int columns, int rank)
    {
        _factors.Add((module, rows, columns, Draw(rank * columns, columns), Draw(rows * rank, rank), rank));
        return this;
    }

    /// <summary>Writes a PEFT folder.</summary>
    /// <param name="folder">The folder, which is made.</param>
    /// <param name="change">Changes the configuration: rank 4 and alpha 8 without it.</param>
    public void WritePeft(string folder, Action<JsonObject>? change = null)
    {
        Directory.CreateDirectory(folder);
        JsonObject config = new() { ["peft_type"] = "LORA", ["r"] = 4, ["lora_alpha"] = 8, ["bias"] = "none", ["target_modules"] = new JsonArray("q_proj") };
        change?.Invoke(config);
        File.WriteAllText(Path.Combine(folder, "adapter_config.json"), config.ToJsonString());
        using FileStream stream = File.Create(Path.Combine(folder, "adapter_model.safetensors"));
        Dictionary<string, float[]> values = [];
        List<TensorDeclaration> declarations = [];
        foreach ((string module, int rows, int columns, float[] a, float[] b, int rank) in _factors)
        {
            Declare($"base_model.model.{module}.lora_A.weight", a, rank, columns);
            Declare($"base_model.model.{module}.lora_B.weight", b, rows, rank);
        }

        SafetensorsWriter writer = new(stream, declarations);
        foreach (TensorDeclaration tensor in writer.Tensors)
        {
            writer.Write(tensor, MemoryMarshal.AsBytes<float>(values[tensor.Name]));
        }

        writer.Complete();

        void Declare(string name, float[] data, int first, int second)
        {
            declarations.Add(new TensorDeclaration(name, StorageFormats.F32, [first, second]));
            values.Add(name, data);
        }
    }

    /// <summary>Writes a GGUF file; the modules are names of GGUF tensors without <c>.weight</c>.</summary>
    public void WriteGguf(string path, string architecture, float alpha)
    {
        GgufMetadata metadata = new(path);
        metadata.Set("general.architecture", GgufValue.Of(architecture));
        metadata.Set("general.type", GgufValue.Of("adapter"));
        metadata.Set("adapter.type", GgufValue.Of("lora"));
        metadata.Set("adapter.lora.alpha", GgufValue.Of(alpha));
        List<(TensorDeclaration Tensor, float[] Values)> tensors = [];
        foreach ((string module, int rows, int columns, float[] a, float[] b, int rank) in _factors)
        {
            tensors.Add((new TensorDeclaration($"{module}.weight.lora_a", StorageFormats.F32, [rank, columns]), a));
            tensors.Add((new TensorDeclaration($"{module}.weight.lora_b", StorageFormats.F32, [rows, rank]), b));
        }

        using FileStream stream = File.Create(path);
        GgufFileWriter writer = new(stream, metadata, tensors.Select(pair => pair.Tensor));
        foreach ((TensorDeclaration tensor, float[] values) in tensors)
        {
            writer.Write(tensor, MemoryMarshal.AsBytes<float>(values));
        }

        writer.Complete();
    }

    private float[] Draw(int count, int width)
    {
        float[] values = new float[count];
        _random.FillNormal(values, 1 / Math.Sqrt(width));
        return values;
    }
}
