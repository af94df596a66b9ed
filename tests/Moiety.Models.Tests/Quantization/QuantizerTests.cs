using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Quantization;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Tests.Quantization;

/// <summary>Quantizing gives each kind of tensor its format, and weights within the step of the format.</summary>
public sealed class QuantizerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Each_kind_of_tensor_gets_its_format()
    {
        using Checkpoint source = Write(FamilyModels.Moiety());
        QuantizationResult result = Quantizer.Quantize(source, _folder["small.gguf"], new QuantizationPolicy { Format = StorageFormats.Q8_0, Experts = StorageFormats.Q4_0 });
        using Checkpoint small = Checkpoint.Open(_folder["small.gguf"]);
        Assert.Equal(source.Config, small.Config);
        Assert.Equal(StorageFormats.F16, small.GetTensor(TensorNames.Embedding).Format);
        Assert.Equal(StorageFormats.Q8_0, small.GetTensor(TensorNames.Query(0)).Format);
        Assert.Equal(StorageFormats.Q8_0, small.GetTensor(TensorNames.ResidualUp(1)).Format);
        Assert.Equal(StorageFormats.Q4_0, small.GetTensor(TensorNames.ExpertUp(3, 2)).Format);
        Assert.All(
            new[] { TensorNames.Router(1), TensorNames.Coefficient(1), TensorNames.CoefficientBias(1), TensorNames.AttentionNorm(0), TensorNames.FinalNorm },
            name => Assert.Equal(StorageFormats.F32, small.GetTensor(name).Format));
        Assert.Equal(small.TensorNames.Sum(name => small.GetTensor(name).ByteLength), result.BytesAfter);
        Assert.Equal(source.TensorNames.Sum(name => source.GetTensor(name).ByteLength), result.BytesBefore);
        Assert.Empty(result.Notes);
    }

    [Theory]
    [InlineData("Q4_0", "Q8_0")]
    [InlineData("Q8_0", "F16")]
    [InlineData("F16", "F16")]
    [InlineData("BF16", "BF16")]
    public void Embedding_and_head_get_one_step_more(string format, string embedding)
    {
        TensorSpec[] tensors = [.. TensorCatalog.For(FamilyModels.Llama())];
        QuantizationPolicy policy = new() { Format = StorageFormats.ByName(format) };
        Assert.Equal(embedding, policy.For(tensors[0]).Name);
        Assert.Equal(embedding, policy.For(tensors[^1]).Name);
        Assert.Equal(format, (policy with { Embedding = policy.Format }).For(tensors[^1]).Name);
    }

    [Fact]
    public void Rows_that_are_no_whole_blocks_become_half_precision_with_a_note()
    {
        using Checkpoint source = Write(FamilyModels.Llama() with { FeedForwards = [new() { IntermediateSize = 44 }, new() { IntermediateSize = 44 }] });
        QuantizationResult result = Quantizer.Quantize(source, _folder["small.gguf"], new QuantizationPolicy { Format = StorageFormats.Q8_0 });
        using Checkpoint small = Checkpoint.Open(_folder["small.gguf"]);
        Assert.Equal(StorageFormats.F16, small.GetTensor(TensorNames.Down(0)).Format);
        Assert.Equal(StorageFormats.Q8_0, small.GetTensor(TensorNames.Up(0)).Format);
        Assert.Contains("2 tensors became F16: rows of 44", Assert.Single(result.Notes), StringComparison.Ordinal);
    }

    // Q8_0: half a step of max/127, and the rounding of the scale to half precision (2^-11) at the largest value.
    [Theory]
    [InlineData("F16", 1.0 / 2048)]
    [InlineData("BF16", 1.0 / 256)]
    [InlineData("Q8_0", (0.5 / 127) + (1.0 / 2048))]
    [InlineData("Q4_0", 1.01 / 8)]
    public void Weights_move_by_less_than_the_step_of_the_format(string format, double step)
    {
        using Checkpoint source = Write(FamilyModels.Moiety());
        Quantizer.Quantize(source, _folder["small.gguf"], new QuantizationPolicy { Format = StorageFormats.ByName(format), Embedding = StorageFormats.ByName(format) });
        using Checkpoint small = Checkpoint.Open(_folder["small.gguf"]);
        foreach (string name in source.TensorNames)
        {
            Matrix matrix = source.GetTensor(name);
            float[] before = Bytes.Floats(matrix);
            float[] after = Bytes.Floats(small.GetTensor(name));
            for (int start = 0; start < before.Length; start += 32)
            {
                int end = Math.Min(start + 32, before.Length);
                float largest = before[start..end].Max(Math.Abs);
                for (int i = start; i < end; i++)
                {
                    Assert.InRange(Math.Abs(before[i] - after[i]), 0, largest * step);
                }
            }
        }
    }

    [Fact]
    public void The_input_is_not_overwritten()
    {
        GgufWriter.Write(_folder["model.gguf"], FamilyModels.Llama(), RandomWeights.Source(), tokenizer: null);
        using Checkpoint source = Checkpoint.Open(_folder["model.gguf"]);
        Assert.Throws<InvalidInputException>(() => Quantizer.Quantize(source, _folder["./model.gguf"], new QuantizationPolicy { Format = StorageFormats.Q8_0 }));
    }

    [Fact]
    public void A_summary_counts_what_is_there()
    {
        using Checkpoint source = Write(FamilyModels.Moiety());
        Quantizer.Quantize(source, _folder["small.gguf"], new QuantizationPolicy { Format = StorageFormats.Q8_0 });
        using Checkpoint small = Checkpoint.Open(_folder["small.gguf"]);
        ModelSummary summary = ModelSummary.From(small);

        // By hand: hidden 64, 4 heads of 16, 2 key-value heads, 50 tokens; dense 96; fixed MLP 64; experts of 32: 2 and 4.
        const long Attention = 4 * ((2 * 64 * 64) + (2 * 32 * 64));
        const long Expert = 3 * 64 * 32;
        const long Dense = (2 * 3 * 64 * 96) + (2 * ((3 * 64 * 64) + (2 * 64) + 2));
        Assert.Equal(50 * 64, summary.ParametersByPart[ModelPart.Embedding]);
        Assert.Equal(Attention, summary.ParametersByPart[ModelPart.Attention]);
        Assert.Equal(6 * Expert, summary.ParametersByPart[ModelPart.Experts]);
        Assert.Equal(6 * 64, summary.ParametersByPart[ModelPart.Router]);
        Assert.Equal(9 * 64, summary.ParametersByPart[ModelPart.Norms]);
        Assert.Equal(Dense, summary.ParametersByPart[ModelPart.Dense]);
        Assert.Equal(summary.ParametersByPart.Values.Sum(), summary.Parameters);
        Assert.Equal(summary.Parameters - (4 * Expert), summary.ActiveParameters);
        Assert.Equal(4 * 2 * 2 * 16 * 2, summary.KeyValueBytesPerToken);
        Assert.Equal(summary.WeightBytes + (100 * summary.KeyValueBytesPerToken), summary.MemoryBytes(100));
        Assert.Equal(["F32", "F16", "Q8_0"], summary.BytesByFormat.Select(entry => entry.Format.Name));
        Assert.Equal(50 * 64 * 2, summary.BytesByFormat[1].Bytes);
    }

    private Checkpoint Write(ModelConfig config)
    {
        HuggingFaceWriter.Write(_folder["model"], config, RandomWeights.Source(), tokenizer: null);
        return Checkpoint.Open(_folder["model"]);
    }
}
