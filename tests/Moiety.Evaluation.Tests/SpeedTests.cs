using Moiety.Evaluation.Speed;
using Moiety.Inference;
using Moiety.Models;
using Moiety.Models.Quantization;
using Moiety.Numerics.Formats;

namespace Moiety.Evaluation.Tests;

/// <summary>Random models have the shape they say, and speed is counted over the bytes that a token reads.</summary>
public class SpeedTests
{
    [Theory]
    [InlineData("llama-1b", 1_100_048_384)]
    [InlineData("llama-3.2-1b", 1_235_814_400)]
    public void A_shape_has_the_parameters_of_the_model_it_is_named_after(string name, long parameters) =>
        Assert.Equal(parameters, ModelSummary.From(ModelPreset.ByName(name).Config).Parameters);

    [Fact]
    public void An_unknown_shape_is_answered_with_the_known_ones()
    {
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => ModelPreset.ByName("llama-9t"));
        Assert.All(ModelPreset.All, preset => Assert.Contains(preset.Name, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Measurements_count_the_bytes_that_decoding_reads()
    {
        ModelPreset preset = new("tiny", "", SmallModels.Pyramid);
        foreach (StorageFormat format in StorageFormats.Writable)
        {
            using RandomModel model = new(preset, format);
            using Engine engine = Engine.Open(model, new EngineOptions { VerifyWeights = true });
            ModelSummary summary = ModelSummary.From(model);
            SpeedOptions options = new() { PrefillLengths = [8], DecodeDepths = [4], DecodeTokens = 6, Repetitions = 3 };
            IReadOnlyList<SpeedMeasurement> measurements = new SpeedBenchmark(engine, summary, keyValueBytesPerToken: 10).Run(options);
            Assert.Equal(["prefill", "decode"], measurements.Select(measurement => measurement.Kind));
            Assert.All(measurements, measurement => Assert.Equal(3, measurement.Seconds.Length));
            Assert.Null(measurements[0].BytesPerToken);
            Assert.Equal(summary.ActiveWeightBytes + (10 * (4 + 3)), measurements[1].BytesPerToken);
        }
    }

    [Fact]
    public void The_median_counts()
    {
        Assert.Equal(10, new SpeedMeasurement("decode", 1, 20, [1, 2, 9], 3).TokensPerSecond);
        Assert.Equal(30, new SpeedMeasurement("decode", 1, 20, [1, 2, 9], 3).BytesPerSecond);
        Assert.Equal(8, new SpeedMeasurement("decode", 1, 20, [1, 2, 3, 9], null).TokensPerSecond);
    }

    [Fact]
    public void What_does_not_fit_the_context_is_refused()
    {
        Assert.Throws<InvalidInputException>(() => new SpeedOptions { PrefillLengths = [300] }.Validate(256));
        Assert.Throws<InvalidInputException>(() => new SpeedOptions { PrefillLengths = [8], DecodeDepths = [250] }.Validate(256));
        Assert.Throws<InvalidInputException>(() => new SpeedOptions { PrefillLengths = [8], DecodeDepths = [0] }.Validate(256));
    }
}
