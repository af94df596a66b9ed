using System.Text.Json.Nodes;
using Moiety.Inference;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Products;

namespace Moiety.Parity.Tests;

/// <summary>
/// A quantized Hugging Face folder computes what a plain one computes that holds the weights which the published layout means, worked out
/// in double precision.
/// </summary>
public sealed class QuantizedFolderParityTests : IDisposable
{
    // |Δlogit| relative to the range: the weights are the same numbers, only the products are summed from blocks.
    private const double Bound = 3e-6;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("gptq", """{"bits": 4, "group_size": 32, "sym": true}""")]
    [InlineData("gptq", """{"bits": 4, "group_size": 64, "sym": false}""")]
    [InlineData("gptq", """{"bits": 8, "group_size": 32, "sym": true}""")]
    [InlineData("awq", """{"bits": 4, "group_size": 32}""")]
    public void Logits_are_those_of_the_weights_that_the_layout_means(string method, string settings)
    {
        ModelConfig config = SmallModels.Dense;
        HuggingFaceWriter.Write(_folder["quantized"], config, RandomWeights.Source(), tokenizer: null);
        QuantizedFolders meaning = QuantizedFolders.Integers(_folder["quantized"], config, method, JsonNode.Parse(settings)!.AsObject());
        TensorSource source = TensorSource.From((tensor, values) =>
        {
            if (meaning.Weights.TryGetValue(tensor.Name, out double[]? weights))
            {
                Array.ConvertAll(weights, weight => (float)weight).CopyTo(values);
            }
            else
            {
                RandomWeights.Values(tensor).CopyTo(values);
            }
        });
        HuggingFaceWriter.Write(_folder["plain"], config, source, tokenizer: null, new HuggingFaceOptions { Format = StorageFormats.F32 });
        int[] tokens = [.. Enumerable.Range(0, 12).Select(i => (i * 7) % config.VocabularySize)];
        float[][] expected = Logits("plain", tokens);
        Assert.InRange(LogitDistance.Relative(expected, Logits("quantized", tokens)), 0, Bound);
    }

    private float[][] Logits(string folder, int[] tokens)
    {
        using Checkpoint checkpoint = Checkpoint.Open(_folder[folder]);
        using Engine engine = Engine.Open(checkpoint, EngineRun.Exact() with { ActivationPrecision = ActivationPrecision.Single });
        return EngineRun.AllLogits(engine, tokens);
    }
}
