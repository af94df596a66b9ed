using System.Text;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Models.Json;
using Moiety.Models.Quantization;
using Moiety.Numerics;
using Moiety.Numerics.Formats;
using Moiety.Testing.Families;

namespace Moiety.Models.Tests.Quantization;

/// <summary>
/// A quantized folder holds the very weights that the GGUF file of the same format holds, in the published layouts; what these
/// layouts do not hold is refused by name.
/// </summary>
public sealed class QuantizedFolderWritingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string> Exact
    {
        get
        {
            TheoryData<string, string> cases = [];
            foreach (string family in (string[])["llama", "llama-tied", "mixtral", "moiety_moe"])
            {
                foreach (string format in (string[])["F32", "F16", "BF16", "Q8_0", "Q4_0"])
                {
                    cases.Add(family, format);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Exact))]
    public void A_folder_holds_the_weights_of_the_file_and_comes_back_bit_for_bit(string family, string format)
    {
        using Checkpoint source = Write(FamilyModels.Of(family));
        QuantizationPolicy policy = new() { Format = StorageFormats.ByName(format) };
        policy = policy with { Embedding = policy.Format.BlockLength > 1 ? StorageFormats.F16 : policy.Format };
        ImportanceMatrix importance = Importance(source.Config);
        Quantizer.Quantize(source, _folder["first"], policy, importance);
        Quantizer.Quantize(source, _folder["file.gguf"], policy, importance);
        using Checkpoint first = Checkpoint.Open(_folder["first"]);
        using Checkpoint file = Checkpoint.Open(_folder["file.gguf"]);
        foreach (TensorSpec tensor in TensorCatalog.For(source.Config))
        {
            if (tensor.Role is not (TensorRole.Query or TensorRole.Key))
            {
                Assert.Equal(file.GetTensor(tensor.Name).Format, first.GetTensor(tensor.Name).Format);
                Assert.Equal(Bytes.Of(file.GetTensor(tensor.Name)), Bytes.Of(first.GetTensor(tensor.Name)));
            }
        }

        Quantizer.Quantize(file, _folder["second"], policy);
        foreach (string name in (string[])["model.safetensors", "config.json"])
        {
            Assert.Equal(File.ReadAllBytes(_folder[Path.Combine("first", name)]), File.ReadAllBytes(_folder[Path.Combine("second", name)]));
        }
    }

    [Fact]
    public void The_configuration_says_what_is_quantized()
    {
        using Checkpoint dense = Write(FamilyModels.Llama());
        Quantizer.Quantize(dense, _folder["q4"], new QuantizationPolicy { Format = StorageFormats.Q4_0 });
        JsonObject config = Json("q4");
        Assert.Equal("float16", (string)config["torch_dtype"]!);
        JsonNode gptq = config["quantization_config"]!;
        Assert.Equal(("gptq", 4, 32, true, false), ((string)gptq["quant_method"]!, (int)gptq["bits"]!, (int)gptq["group_size"]!, (bool)gptq["sym"]!, (bool)gptq["desc_act"]!));
        Assert.Null(gptq["modules_in_block_to_quantize"]);
        using (SafetensorsFile file = SafetensorsFile.Open(_folder["q4/model.safetensors"]))
        {
            const string Layer = "model.layers.0.mlp.down_proj.";
            Assert.Equal(("I32", "I32", "I32", "F16"), (file.Tensors[Layer + "qweight"].Type.Name, file.Tensors[Layer + "qzeros"].Type.Name, file.Tensors[Layer + "g_idx"].Type.Name, file.Tensors[Layer + "scales"].Type.Name));
            Assert.Equal([12, 64], file.Tensors[Layer + "qweight"].Shape);
            Assert.Equal([3, 8], file.Tensors[Layer + "qzeros"].Shape);
            Assert.Equal([96], file.Tensors[Layer + "g_idx"].Shape);
            Assert.Equal([3, 64], file.Tensors[Layer + "scales"].Shape);
            Assert.Equal(("F16", "F16", "F32"), (file.Tensors["model.embed_tokens.weight"].Type.Name, file.Tensors["lm_head.weight"].Type.Name, file.Tensors["model.norm.weight"].Type.Name));
        }

        Quantizer.Quantize(dense, _folder["part"], new QuantizationPolicy { Format = StorageFormats.Q8_0, Attention = StorageFormats.BF16 });
        Assert.Equal(["mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"], Json("part")["quantization_config"]!["modules_in_block_to_quantize"]![0]!.AsArray().Select(name => (string)name!));
        Quantizer.Quantize(dense, _folder["f8"], new QuantizationPolicy { Format = StorageFormats.F8_E4M3 });
        JsonNode floats = Json("f8")["quantization_config"]!;
        Assert.Equal("fp8", (string)floats["quant_method"]!);
        Assert.Equal([128, 128], floats["weight_block_size"]!.AsArray().Select(size => (int)size!));
        Assert.Equal(["lm_head"], floats["modules_to_not_convert"]!.AsArray().Select(name => (string)name!));
    }

    [Fact]
    public void Floats_of_eight_bits_have_the_scale_of_their_block()
    {
        // More than one block in both directions, with an incomplete one at the end.
        ModelConfig config = FamilyModels.Llama() with { FeedForwards = [new() { IntermediateSize = 300 }, new() { IntermediateSize = 300 }] };
        using Checkpoint source = Write(config);
        Quantizer.Quantize(source, _folder["f8"], new QuantizationPolicy { Format = StorageFormats.F8_E4M3 });
        using Checkpoint small = Checkpoint.Open(_folder["f8"]);
        Assert.Equal(StorageFormats.BF16, small.GetTensor(TensorNames.Embedding).Format);
        foreach (TensorSpec tensor in TensorCatalog.For(config).Where(tensor => tensor.Layer >= 0 && !tensor.IsVector))
        {
            float[] before = Bytes.Floats(source.GetTensor(tensor.Name));
            float[] after = Bytes.Floats(small.GetTensor(tensor.Name));
            (int Row, int Column) Block(int index) => (index / tensor.Columns / 128, index % tensor.Columns / 128);
            Dictionary<(int, int), float> largest = Enumerable.Range(0, before.Length).GroupBy(Block).ToDictionary(group => group.Key, group => group.Max(i => MathF.Abs(before[i])));
            for (int i = 0; i < before.Length; i++)
            {
                // Half a step of three bits of fraction or of the smallest element, then BF16's eight bits.
                double smallest = largest[Block(i)] / 448.0 / 1024;
                Assert.InRange(Math.Abs(before[i] - after[i]), 0, Math.Max(smallest, Math.Abs(before[i]) / 16) + (Math.Abs(before[i]) / 128));
            }

            Assert.Contains(Enumerable.Range(0, before.Length), i => before[i] != after[i]);
        }
    }

    [Theory]
    [InlineData("Q4_K")]
    [InlineData("Q6_K")]
    [InlineData("Q2_K")]
    [InlineData("Q4_1")]
    [InlineData("Q5_0")]
    [InlineData("IQ4_NL")]
    [InlineData("IQ4_XS")]
    public void Formats_without_a_layout_are_refused_before_any_work(string format)
    {
        using Checkpoint source = Write(FamilyModels.Llama());
        AssertRefused(source, new QuantizationPolicy { Format = StorageFormats.ByName(format) }, format, ".gguf");
    }

    [Fact]
    public void What_a_layout_does_not_hold_is_refused_by_name()
    {
        using Checkpoint llama = Write(FamilyModels.Llama());
        QuantizationPolicy q4 = new() { Format = StorageFormats.Q4_0 };
        AssertRefused(llama, q4 with { Attention = StorageFormats.Q8_0 }, "one method", "Q8_0");
        AssertRefused(llama, q4 with { Embedding = StorageFormats.Q8_0 }, "Q8_0", "linear layers only");
        AssertRefused(llama, new QuantizationPolicy { Format = StorageFormats.MXFP4 }, "MXFP4", "gpt_oss only");
        using Checkpoint gpt2 = WriteFamily("gpt2");
        AssertRefused(gpt2, q4, "Conv1D", "c_attn.weight");
        AssertRefused(gpt2, new QuantizationPolicy { Format = StorageFormats.F8_E4M3 }, "Conv1D", "F8_E4M3");
        AssertRefused(gpt2, new QuantizationPolicy { Format = StorageFormats.MXFP4 }, "MXFP4", "gpt2");
        using Checkpoint oss = WriteFamily("gpt_oss");
        AssertRefused(oss, q4, "stacked experts", "for the experts");
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => Quantizer.Check(llama, _folder["x.gguf"], new QuantizationPolicy { Format = StorageFormats.F8_E4M3 }));
        Assert.Contains("no GGUF file holds it", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_that_are_no_whole_blocks_become_half_precision_in_all_layers_with_a_note()
    {
        using Checkpoint source = Write(FamilyModels.Llama() with { FeedForwards = [new() { IntermediateSize = 44 }, new() { IntermediateSize = 44 }] });
        QuantizationResult result = Quantizer.Quantize(source, _folder["small"], new QuantizationPolicy { Format = StorageFormats.Q8_0 });
        using Checkpoint small = Checkpoint.Open(_folder["small"]);
        Assert.Equal(StorageFormats.F16, small.GetTensor(TensorNames.Down(0)).Format);
        Assert.Equal(StorageFormats.Q8_0, small.GetTensor(TensorNames.Query(1)).Format);
        Assert.Contains(result.Notes, note => note.StartsWith("Down: 2 tensors became F16", StringComparison.Ordinal));
        Assert.DoesNotContain("mlp.down_proj", Json("small")["quantization_config"]!["modules_in_block_to_quantize"]![0]!.AsArray().Select(name => (string)name!));
    }

    [Fact]
    public void Experts_of_GPT_OSS_are_MXFP4_in_its_own_layout_and_the_bits_of_the_file()
    {
        using Checkpoint source = WriteFamily("gpt_oss");
        QuantizationPolicy policy = new() { Format = StorageFormats.BF16, Experts = StorageFormats.MXFP4 };
        Quantizer.Quantize(source, _folder["oss"], policy);
        Quantizer.Quantize(source, _folder["oss.gguf"], policy);
        using Checkpoint folder = Checkpoint.Open(_folder["oss"]);
        using Checkpoint file = Checkpoint.Open(_folder["oss.gguf"]);
        Assert.Equal("mxfp4", (string)Json("oss")["quantization_config"]!["quant_method"]!);
        foreach (TensorSpec tensor in TensorCatalog.For(source.Config).Where(tensor => tensor.Role is TensorRole.ExpertGate or TensorRole.ExpertUp or TensorRole.ExpertDown))
        {
            Matrix expert = folder.GetTensor(tensor.Name);
            Assert.Equal(StorageFormats.MXFP4, expert.Format);
            Assert.Equal(Bytes.Of(file.GetTensor(tensor.Name)), Bytes.Of(expert));
        }
    }

    [Theory]
    [InlineData("phi3")]
    [InlineData("gpt_neox, parallel")]
    public void Fused_linear_layers_are_quantized_as_they_are(string family)
    {
        using Checkpoint source = WriteFamily(family);
        QuantizationPolicy policy = new() { Format = StorageFormats.Q8_0, Embedding = StorageFormats.F16 };
        Quantizer.Quantize(source, _folder["small"], policy);
        Quantizer.Quantize(source, _folder["small.gguf"], policy);
        using Checkpoint folder = Checkpoint.Open(_folder["small"]);
        using Checkpoint file = Checkpoint.Open(_folder["small.gguf"]);
        Assert.Equal(source.Config, folder.Config);
        foreach (TensorSpec tensor in TensorCatalog.For(source.Config))
        {
            Assert.Equal(file.GetTensor(tensor.Name).Format, folder.GetTensor(tensor.Name).Format);
        }

        string name = TensorNames.Value(0);
        Assert.Equal(Bytes.Of(file.GetTensor(name)), Bytes.Of(folder.GetTensor(name)));
    }

    private static ImportanceMatrix Importance(ModelConfig config)
    {
        ImportanceMatrix importance = new();
        foreach (TensorSpec tensor in TensorCatalog.For(config).Where(tensor => !tensor.IsVector))
        {
            importance.Add(tensor.Name, [.. Enumerable.Range(0, tensor.Columns).Select(column => 0.1f + (column % 7))]);
        }

        return importance;
    }

    private static void AssertRefused(Checkpoint source, QuantizationPolicy policy, params string[] parts)
    {
        string output = source.Path + "-refused";
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => Quantizer.Check(source, output, policy));
        Assert.All(parts, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
        Assert.Equal(error.Message, Assert.Throws<InvalidInputException>(() => Quantizer.Quantize(source, output, policy)).Message);
        Assert.False(Path.Exists(output));
    }

    private JsonObject Json(string folder) => JsonNode.Parse(File.ReadAllText(_folder[Path.Combine(folder, "config.json")]))!.AsObject();

    private Checkpoint WriteFamily(string name)
    {
        JsonField json = JsonField.Parse("config.json", Encoding.UTF8.GetBytes(FamilyCases.All[name].Config));
        return Write(ModelFamilies.ForHuggingFace(json).ReadHuggingFace(json), $"{name}-model");
    }

    private Checkpoint Write(ModelConfig config, string name = "model")
    {
        HuggingFaceWriter.Write(_folder[name], config, RandomWeights.Source(), tokenizer: null);
        return Checkpoint.Open(_folder[name]);
    }
}
