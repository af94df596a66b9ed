using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
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

    // As Gemma 3 is published from 4B on, by releases of transformers before and after 4.52.
    [Theory]
    [InlineData("language_model.model.", "vision_tower.")]
    [InlineData("model.language_model.", "model.vision_tower.")]
    public void The_language_model_of_one_that_also_sees_gives_its_logits(string prefix, string vision)
    {
        TransformersFixture fixture = TransformersFixture.Open("gemma3");
        using TemporaryFolder folder = new();
        JsonNode config = JsonNode.Parse(File.ReadAllText(Path.Combine(fixture.Path, "config.json")))!;
        File.WriteAllText(folder["config.json"], new JsonObject { ["model_type"] = "gemma3", ["text_config"] = config, ["vision_config"] = new JsonObject { ["image_size"] = 896 } }.ToJsonString());
        Rename(Path.Combine(fixture.Path, "model.safetensors"), folder["model.safetensors"], prefix, vision + "encoder.weight");
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        Assert.Contains("image encoder", Assert.Single(checkpoint.Warnings), StringComparison.Ordinal);
        using Engine engine = Engine.Open(checkpoint, EngineRun.Exact());
        float[][] expected = [.. fixture.Output(1, "logits").Chunk(checkpoint.Config.VocabularySize)];
        Assert.InRange(LogitDistance.Relative(expected, EngineRun.AllLogits(engine, fixture.InputIds(1))), 0, Bound);
    }

    [Fact]
    public void What_is_not_supported_is_refused_by_name()
    {
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => Checkpoint.Open(TransformersFixture.Open("falcon-rw").Path));
        Assert.Equal("alibi", error.Field);
    }

    // The same data under other names, and one more tensor of one element.
    private static void Rename(string source, string target, string prefix, string extra)
    {
        byte[] file = File.ReadAllBytes(source);
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        JsonObject header = [];
        foreach ((string name, JsonNode? tensor) in JsonNode.Parse(file.AsSpan(sizeof(ulong), length))!.AsObject())
        {
            header[name.StartsWith("model.", StringComparison.Ordinal) ? prefix + name["model.".Length..] : name] = tensor!.DeepClone();
        }

        int end = file.Length - sizeof(ulong) - length;
        header[extra] = new JsonObject { ["dtype"] = "F32", ["shape"] = new JsonArray(1), ["data_offsets"] = new JsonArray(end, end + sizeof(float)) };
        byte[] json = Encoding.UTF8.GetBytes(header.ToJsonString());
        byte[] size = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(size, (ulong)json.Length);
        File.WriteAllBytes(target, [.. size, .. json, .. file[(sizeof(ulong) + length)..], .. new byte[sizeof(float)]]);
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
