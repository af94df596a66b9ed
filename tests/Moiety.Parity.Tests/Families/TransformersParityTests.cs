using System.Text.Json;
using Moiety.Inference;
using Moiety.Models.Checkpoints;
using Moiety.Models.Families;

namespace Moiety.Parity.Tests.Families;

/// <summary>
/// Checkpoints that <c>transformers</c> made, and what its own code computed with them (committed with the script that made it): the oracle of
/// families that llama.cpp lacks, and a second one for the others.
/// </summary>
public class TransformersParityTests
{
    // |Δlogit| relative to the range of the library's logits; both compute in single precision. Largest seen: 7e-7.
    private const double Bound = 3e-6;

    // Falcon-RW divides ALiBi's bias by the root of the head size, as no other model does.
    private static readonly string[] Unsupported = ["falcon-rw"];

    public static TheoryData<string> Fixtures => [.. Directory.GetDirectories(TransformersFixture.Root)
        .Select(folder => Path.GetFileName(folder))
        .Where(name => IsDecoder(name) && !Unsupported.Contains(name))
        .Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Logits_are_those_of_the_library(string name)
    {
        TransformersFixture fixture = TransformersFixture.Open(name);
        using Checkpoint checkpoint = Checkpoint.Open(fixture.Path);
        using Engine engine = Engine.Open(checkpoint, EngineRun.Exact());
        Assert.NotEqual(0, fixture.Count);
        for (int input = 0; input < fixture.Count; input++)
        {
            int[] tokens = fixture.InputIds(input);
            float[][] expected = [.. fixture.Output(input, "logits").Chunk(checkpoint.Config.VocabularySize)];
            Assert.InRange(LogitDistance.Relative(expected, EngineRun.AllLogits(engine, tokens)), 0, Bound);
            Assert.InRange(LogitDistance.Relative(expected, EngineRun.AllLogits(engine, tokens, chunk: 3)), 0, Bound);
        }
    }

    [Fact]
    public void What_is_not_supported_is_refused_by_name()
    {
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => Checkpoint.Open(TransformersFixture.Open("falcon-rw").Path));
        Assert.Equal("alibi", error.Field);
    }

    private static bool IsDecoder(string name)
    {
        using JsonDocument config = JsonDocument.Parse(File.ReadAllText(Path.Combine(TransformersFixture.Root, name, "config.json")));
        string type = config.RootElement.GetProperty("model_type").GetString()!;
        string architecture = config.RootElement.GetProperty("architectures")[0].GetString()!;
        return (architecture.EndsWith("ForCausalLM", StringComparison.Ordinal) || architecture.EndsWith("LMHeadModel", StringComparison.Ordinal))
            && ModelFamilies.All.Any(family => family.Name == type);
    }
}
