using Moiety.Inference.KeyValues;
using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;

namespace Moiety.Inference.Tests;

/// <summary>The engine computes what the slow, obvious forward pass computes, for every kind of feed-forward.</summary>
public class ReferenceParityTests : EngineTestBase
{
    [Theory]
    [MemberData(nameof(Models))]
    public void Logits_equal_the_reference(string model)
    {
        ModelConfig config = SmallModels.All[model];
        using RandomCheckpoint checkpoint = new(config, 7);
        using Engine engine = Engine.Open(checkpoint, Exact);
        int[] tokens = RandomTokens(70, config);
        AssertClose(new ReferenceDecoder(checkpoint).Forward(tokens).Logits, Run(engine, tokens));
    }

    // The reference has exact keys and values and exact activations: what is left is the rounding of the formats, measured
    // at a third of these bounds or less.
    [Theory]
    [InlineData("F32", KeyValueFormat.F16, 1e-3)]
    [InlineData("F32", KeyValueFormat.Q8_0, 1e-2)]
    [InlineData("F16", KeyValueFormat.F32, 1e-3)]
    [InlineData("BF16", KeyValueFormat.F32, 1e-3)]
    [InlineData("Q8_0", KeyValueFormat.F32, 3e-2)]
    [InlineData("Q4_0", KeyValueFormat.F32, 3e-2)]
    public void Storage_formats_stay_close_to_the_reference(string weights, KeyValueFormat keyValues, double tolerance)
    {
        using RandomCheckpoint checkpoint = new(SmallModels.Dense, 7, StorageFormats.ByName(weights));
        using Engine engine = Engine.Open(checkpoint, Exact with { KeyValueFormat = keyValues });
        int[] tokens = RandomTokens(70, SmallModels.Dense);
        AssertClose(new ReferenceDecoder(checkpoint).Forward(tokens).Logits, Run(engine, tokens), tolerance);
    }
}
