using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Checkpoints.Quantized;
using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Tests.Checkpoints;

/// <summary>
/// Quantized Hugging Face folders mean the weights that their published layouts say, in double precision: block formats exactly, others
/// rounded once. What is not supported is refused by name.
/// </summary>
public sealed class QuantizedFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("gptq", """{"bits": 4, "group_size": 32, "sym": true, "desc_act": false}""", "F16", "Q4_0")]
    [InlineData("gptq", """{"bits": 4, "group_size": 32, "sym": false, "desc_act": false}""", "F16", "Q5_0")]
    [InlineData("gptq", """{"bits": 4, "group_size": 64, "sym": false, "checkpoint_format": "gptq_v2"}""", "F16", "Q5_0")]
    [InlineData("gptq", """{"bits": 4, "group_size": -1, "sym": true}""", "F16", "Q4_0")]
    [InlineData("gptq", """{"bits": 8, "group_size": 32, "sym": true}""", "F16", "Q8_0")]
    [InlineData("awq", """{"bits": 4, "group_size": 32, "zero_point": true, "version": "gemm"}""", "F16", "Q5_0")]
    [InlineData("awq", """{"bits": 4, "group_size": -1, "zero_point": true, "version": "GEMM"}""", "F16", "Q5_0")]
    public void Integers_of_half_precision_scales_become_a_block_format_exactly(string method, string settings, string scales, string format) =>
        Compare(method, settings, scales, format, (expected, actual) => Assert.Equal(expected, (double)actual));

    [Theory]
    [InlineData("gptq", """{"bits": 4, "group_size": 32, "sym": true, "desc_act": true}""", "F16", "F16")]
    [InlineData("gptq", """{"bits": 8, "group_size": 32, "sym": false}""", "F16", "F16")]
    [InlineData("gptq", """{"bits": 4, "group_size": 16, "sym": true}""", "F16", "F16")]
    [InlineData("awq", """{"bits": 4, "group_size": 48}""", "F16", "F16")]
    public void Integers_in_other_groups_are_rounded_to_half_precision_as_the_published_code_does(string method, string settings, string scales, string format) =>
        Compare(method, settings, scales, format, (expected, actual) => Assert.Equal((Half)expected, (Half)actual));

    [Theory]
    [InlineData("gptq", """{"bits": 4, "group_size": 32, "sym": false}""")]
    [InlineData("awq", """{"bits": 4, "group_size": 32}""")]
    public void Integers_of_single_precision_scales_become_single_precision(string method, string settings) =>
        Compare(method, settings, "F32", "F32", (expected, actual) => Assert.Equal((float)expected, actual));

    [Theory]
    [InlineData("gptq", """{"bits": 4, "group_size": 32, "sym": false}""")]
    [InlineData("awq", """{"bits": 4, "group_size": 32}""")]
    public void Integers_of_other_scales_become_their_format(string method, string settings) =>
        Compare(method, settings, "BF16", "BF16", (expected, actual) => Assert.Equal(Brain((float)expected), actual));

    [Theory]
    [InlineData("fp8", """{"weight_block_size": [32, 16]}""", "weight_scale_inv", 32, 16)]
    [InlineData("fp8", """{"weight_block_size": [48, 128]}""", "weight_scale_inv", 48, 128)]
    [InlineData("fp8", "{}", "weight_scale", 0, 0)]
    [InlineData("compressed-tensors", """{"format": "float-quantized"}""", "weight_scale", 1, 0)]
    [InlineData("fbgemm_fp8", "{}", "weight_scale", 1, 0)]
    public void Floats_of_eight_bits_are_multiplied_by_their_scales(string method, string settings, string suffix, int blockRows, int blockColumns)
    {
        ModelConfig config = FamilyModels.Llama();
        HuggingFaceWriter.Write(_folder["model"], config, RandomWeights.Source(), tokenizer: null);
        QuantizedFolders expected = QuantizedFolders.Floats(_folder["model"], config, method, JsonNode.Parse(settings)!.AsObject(), suffix, blockRows, blockColumns);
        using Checkpoint checkpoint = Checkpoint.Open(_folder["model"]);
        foreach ((string name, double[] weights) in expected.Weights)
        {
            Assert.Equal(StorageFormats.BF16, checkpoint.Describe(name).Format);
            Assert.Equal([.. weights.Select(weight => Brain((float)weight))], Bytes.Floats(checkpoint.GetTensor(name)));
        }
    }

    [Fact]
    public void Any_rows_of_a_joined_matrix_can_be_read_alone()
    {
        ModelConfig config = FamilyModels.Llama();
        HuggingFaceWriter.Write(_folder["model"], config, RandomWeights.Source(), tokenizer: null);
        QuantizedFolders expected = QuantizedFolders.Integers(_folder["model"], config, "awq", new JsonObject { ["bits"] = 4, ["group_size"] = 32 });
        CheckRows("awq", expected);
        HuggingFaceWriter.Write(_folder["model"], config, RandomWeights.Source(), tokenizer: null);
        JsonObject block = new() { ["weight_block_size"] = new JsonArray(48, 32) };
        CheckRows("fp8", QuantizedFolders.Floats(_folder["model"], config, "fp8", block, "weight_scale_inv", 48, 32));
    }

    [Fact]
    public void MXFP4_becomes_the_blocks_of_GGUF()
    {
        // As the standard says: 2^(e - 127) times E2M1, low nibble first.
        double[] e2M1 = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6];
        const int Experts = 2, Rows = 3, Blocks = 2;
        byte[] nibbles = [.. Enumerable.Range(0, Experts * Rows * Blocks * 16).Select(i => (byte)(i * 37))];
        byte[] exponents = [.. Enumerable.Range(0, Experts * Rows * Blocks).Select(i => (byte)(120 + i))];
        File.WriteAllBytes(_folder["m.safetensors"], QuantizedFolders.Safetensors(
            [("x_blocks", "U8", [Experts, Rows, Blocks, 16], nibbles), ("x_scales", "U8", [Experts, Rows, Blocks], exponents)]));
        using SafetensorsFile file = SafetensorsFile.Open(_folder["m.safetensors"]);
        Dictionary<string, FileTensor> tensors = file.Tensors.ToDictionary(pair => pair.Key, pair => (FileTensor)new MappedTensor(file.Mapping, pair.Value));
        QuantizedWeights.Join(Settings("""{"quant_method": "mxfp4"}"""), tensors);
        FileTensor joined = Assert.Single(tensors).Value;
        Assert.Equal(("x_blocks", StorageFormats.MXFP4), (joined.Name, joined.Format));
        Assert.Equal([Experts, Rows, Blocks * 32], joined.Shape);
        double[] expected = [.. Enumerable.Range(0, Experts * Rows * Blocks * 32).Select(i => Math.Pow(2, exponents[i / 32] - 127) * e2M1[(nibbles[i / 2] >> (4 * (i % 2))) & 15])];
        Assert.Equal(expected.AsEnumerable(), Floats(joined, 0, Experts * Rows).Select(value => (double)value));
        Assert.Equal(expected[64..192].AsEnumerable(), Floats(joined, 1, 2).Select(value => (double)value));
        Assert.Equal(expected[320..384].AsEnumerable(), Floats(joined, 5, 1).Select(value => (double)value));
    }

    [Theory]
    [InlineData("""{"quant_method": "bitsandbytes"}""", "bitsandbytes")]
    [InlineData("""{"quant_method": "exl2"}""", "exl2")]
    [InlineData("""{"quant_method": "gptq", "bits": 3, "group_size": 32}""", "3 bits")]
    [InlineData("""{"quant_method": "gptq", "bits": 2, "group_size": 32}""", "2 bits")]
    [InlineData("""{"quant_method": "gptq", "bits": 4, "group_size": 0}""", "neither -1 nor positive")]
    [InlineData("""{"quant_method": "gptq", "bits": 4, "group_size": 32, "checkpoint_format": "marlin"}""", "marlin")]
    [InlineData("""{"quant_method": "awq", "bits": 4, "group_size": 32, "version": "gemv"}""", "gemv")]
    [InlineData("""{"quant_method": "awq", "bits": 8, "group_size": 32}""", "8 bits")]
    [InlineData("""{"quant_method": "compressed-tensors", "format": "pack-quantized"}""", "pack-quantized")]
    [InlineData("""{"quant_method": "fp8", "weight_block_size": [128]}""", "two positive numbers")]
    [InlineData("""{"quant_method": "fp8", "weight_block_size": [128, 0]}""", "two positive numbers")]
    public void What_is_not_supported_is_refused_by_name(string settings, string reason)
    {
        HuggingFaceWriter.Write(_folder["model"], FamilyModels.Llama(), RandomWeights.Source(), tokenizer: null);
        JsonObject json = JsonNode.Parse(File.ReadAllText(_folder["model/config.json"]))!.AsObject();
        json["quantization_config"] = JsonNode.Parse(settings);
        File.WriteAllText(_folder["model/config.json"], json.ToJsonString());
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => Checkpoint.Open(_folder["model"]));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.StartsWith("quantization_config", error.Field, StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_that_do_not_belong_together_are_refused()
    {
        (string, string, long[], byte[]) Part(string name, string type, params long[] shape) =>
            (name, type, shape, new byte[shape.Aggregate(1L, (product, size) => product * size) * (type == "F16" ? 2 : type == "U8" || type == "F8_E4M3" ? 1 : 4)]);
        const string Gptq = """{"quant_method": "gptq", "bits": 4, "group_size": 32, "sym": false}""";
        (string, string, long[], byte[])[] good = [Part("a.qweight", "I32", 8, 16), Part("a.qzeros", "I32", 2, 2), Part("a.scales", "F16", 2, 16)];
        Refused(Gptq, "is missing beside", good[0], good[1]);
        Refused(Gptq, "need scales [2, 16]", good[0], good[1], Part("a.scales", "F16", 2, 8));
        Refused(Gptq, "need scales [2, 16]", good[0], Part("a.qzeros", "I32", 1, 2), good[2]);
        Refused(Gptq, "no matrix of packed integers", Part("a.qweight", "F32", 8, 16), good[1], good[2]);
        Refused(Gptq, "no matrix of packed integers", Part("a.qweight", "I32", 8), good[1], good[2]);
        Refused(Gptq, "both quantized and not", [.. good, Part("a.weight", "F32", 16, 64)]);
        Refused(Gptq, "does not give the group", [.. good, Part("a.g_idx", "I32", 63)]);
        Refused(Gptq, "column 0 is in group 7 of 2", [.. good, ("a.g_idx", "I32", [64L], [.. Enumerable.Repeat(7, 64).SelectMany(BitConverter.GetBytes)])]);
        Refused("""{"quant_method": "fp8"}""", "are missing", Part("a.weight", "F8_E4M3", 16, 64));
        Refused("""{"quant_method": "fp8", "weight_block_size": [8, 8]}""", "needs 16", Part("a.weight", "F8_E4M3", 16, 64), Part("a.weight_scale_inv", "F32", 2, 7));
        Refused("""{"quant_method": "mxfp4"}""", "is missing beside", Part("a_blocks", "U8", 2, 3, 2, 16));
        Refused("""{"quant_method": "mxfp4"}""", "are no MXFP4", Part("a_blocks", "U8", 2, 3, 2, 15), Part("a_scales", "U8", 2, 3, 2));
        Refused("""{"quant_method": "mxfp4"}""", "are no MXFP4", Part("a_blocks", "U8", 2, 3, 2, 16), Part("a_scales", "U8", 2, 2, 3));
    }

    [Fact]
    public void Zeros_that_contradict_sym_are_refused_when_they_are_read()
    {
        ModelConfig config = FamilyModels.Llama();
        HuggingFaceWriter.Write(_folder["model"], config, RandomWeights.Source(), tokenizer: null);
        QuantizedFolders.Integers(_folder["model"], config, "gptq", new JsonObject { ["bits"] = 4, ["group_size"] = 32, ["sym"] = false });
        File.WriteAllText(_folder["model/config.json"], File.ReadAllText(_folder["model/config.json"]).Replace("\"sym\":false", "\"sym\":true", StringComparison.Ordinal));
        using Checkpoint checkpoint = Checkpoint.Open(_folder["model"]);
        Assert.Contains("says sym", Assert.Throws<InvalidCheckpointException>(() => checkpoint.GetTensor(TensorNames.Query(0))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_of_eight_bits_without_scales_are_refused()
    {
        ModelConfig config = FamilyModels.Llama();
        HuggingFaceWriter.Write(_folder["model"], config, RandomWeights.Source(), tokenizer: null);
        QuantizedFolders.Floats(_folder["model"], config, "fp8", [], "weight_scale", 0, 0);
        JsonObject json = JsonNode.Parse(File.ReadAllText(_folder["model/config.json"]))!.AsObject();
        json.Remove("quantization_config");
        File.WriteAllText(_folder["model/config.json"], json.ToJsonString());
        Assert.Contains("F8_E4M3 is not supported for weights", Assert.Throws<InvalidCheckpointException>(() => Checkpoint.Open(_folder["model"])).Message, StringComparison.Ordinal);
    }

    private void Compare(string method, string settings, string scales, string format, Action<double, float> compare)
    {
        ModelConfig config = FamilyModels.Llama();
        HuggingFaceWriter.Write(_folder["model"], config, RandomWeights.Source(), tokenizer: null);
        QuantizedFolders expected = QuantizedFolders.Integers(_folder["model"], config, method, JsonNode.Parse(settings)!.AsObject(), scales);
        using Checkpoint checkpoint = Checkpoint.Open(_folder["model"]);
        Assert.Equal(14, expected.Weights.Count);
        foreach ((string name, double[] weights) in expected.Weights)
        {
            Assert.Equal(format, checkpoint.Describe(name).Format.Name);
            Matrix matrix = checkpoint.GetTensor(name);
            float[] actual = Bytes.Floats(matrix);
            for (int i = 0; i < weights.Length; i++)
            {
                compare(weights[i], actual[i]);
            }
        }
    }

    private void CheckRows(string method, QuantizedFolders expected)
    {
        using SafetensorsFile file = SafetensorsFile.Open(_folder["model/model.safetensors"]);
        Dictionary<string, FileTensor> tensors = file.Tensors.ToDictionary(pair => pair.Key, pair => (FileTensor)new MappedTensor(file.Mapping, pair.Value));
        QuantizedWeights.Join(Settings(method == "awq" ? """{"quant_method": "awq", "bits": 4, "group_size": 32}""" : """{"quant_method": "fp8", "weight_block_size": [48, 32]}"""), tensors);
        string name = TensorNames.Gate(0);
        int columns = (int)tensors[name].Shape[1];
        foreach ((int first, int count) in new[] { (0, 96), (0, 1), (5, 3), (47, 2), (15, 60), (95, 1) })
        {
            float[] rows = [.. expected.Weights[name][(first * columns)..((first + count) * columns)].Select(weight => method == "awq" ? (float)weight : Brain((float)weight))];
            Assert.Equal(rows, Floats(tensors[name], first, count));
        }
    }

    private void Refused(string settings, string reason, params (string Name, string Type, long[] Shape, byte[] Bytes)[] parts)
    {
        File.WriteAllBytes(_folder["parts.safetensors"], QuantizedFolders.Safetensors(parts));
        using SafetensorsFile file = SafetensorsFile.Open(_folder["parts.safetensors"]);
        Dictionary<string, FileTensor> tensors = file.Tensors.ToDictionary(pair => pair.Key, pair => (FileTensor)new MappedTensor(file.Mapping, pair.Value));
        Assert.Contains(reason, Assert.Throws<InvalidCheckpointException>(() => QuantizedWeights.Join(Settings(settings), tensors)).Message, StringComparison.Ordinal);
    }

    private static Moiety.Models.Json.JsonField Settings(string json) => Moiety.Models.Json.JsonField.Parse("config.json", System.Text.Encoding.UTF8.GetBytes(json));

    private static float Brain(float value)
    {
        byte[] bytes = new byte[2];
        float[] rounded = new float[1];
        StorageFormats.BF16.Quantize([value], bytes);
        StorageFormats.BF16.Dequantize(bytes, rounded);
        return rounded[0];
    }

    private static unsafe float[] Floats(FileTensor tensor, int firstRow, int rows)
    {
        int columns = (int)tensor.Shape[^1];
        byte[] bytes = new byte[tensor.Format.RowBytes(columns) * rows];
        fixed (byte* target = bytes)
        {
            tensor.Read(tensor.Format.RowBytes(columns) * firstRow, bytes.Length, target);
        }

        float[] values = new float[rows * columns];
        tensor.Format.Dequantize(bytes, values);
        return values;
    }
}
