using System.Text;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Models.Json;
using Moiety.Numerics;
using Moiety.Testing.Families;

namespace Moiety.Models.Tests.Families;

/// <summary>The files of every family say the same after they were read and written, in both containers and between them.</summary>
public unsafe class FamilyFileTests
{
    public static TheoryData<string> All => [.. FamilyCases.All.Keys];

    public static TheoryData<string> WithGguf => [.. FamilyCases.All.Values.Where(HasGguf).Select(example => example.Name)];

    public static TheoryData<string> WithoutGguf => [.. FamilyCases.All.Values.Where(example => !HasGguf(example)).Select(example => example.Name)];

    [Fact]
    public void Every_family_of_decoders_has_an_example_with_an_oracle()
    {
        string[] examples = [.. FamilyCases.All.Values.Select(example => Read(example.Config).Family).Distinct().Order(StringComparer.Ordinal)];
        string[] families = [.. ModelFamilies.All.OfType<DecoderFamily>().Select(family => family.Name).Where(name => name != "moiety_moe").Order(StringComparer.Ordinal)];
        Assert.Equal(families, examples);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void The_configuration_reads_back_from_the_config_json_that_is_written(string name)
    {
        ModelConfig config = Read(FamilyCases.All[name].Config);
        config.Validate();
        JsonObject json = new() { ["model_type"] = config.Family };
        ModelFamilies.ForWriting(config).WriteHuggingFace(config, json);
        Assert.Equal(config, Read(json.ToJsonString()));
    }

    [Theory]
    [MemberData(nameof(WithGguf))]
    public void Weights_keep_their_bits_from_the_folder_to_GGUF_and_back(string name)
    {
        using TemporaryFolder folder = new();
        using RandomCheckpoint weights = new(Read(FamilyCases.All[name].Config), 7);
        HuggingFaceWriter.Write(folder["first"], weights.Config, TensorSource.From(weights), tokenizer: null);
        using Checkpoint first = Checkpoint.Open(folder["first"]);
        Assert.Equal(weights.Config, first.Config);
        GgufWriter.Write(folder["model.gguf"], first.Config, TensorSource.From(first), tokenizer: null);
        using Checkpoint middle = Checkpoint.Open(folder["model.gguf"]);

        // What GGUF calls "llama" or "olmo2" is read as the plainest family that computes the same.
        HuggingFaceWriter.Write(folder["second"], middle.Config with { Family = first.Config.Family }, TensorSource.From(middle), tokenizer: null);
        using Checkpoint second = Checkpoint.Open(folder["second"]);
        Assert.Equal(first.TensorNames, second.TensorNames);
        foreach (string tensor in first.TensorNames)
        {
            AssertSame(weights.GetTensor(tensor), first.GetTensor(tensor), tensor);
            AssertSame(first.GetTensor(tensor), second.GetTensor(tensor), tensor);
        }
    }

    [Theory]
    [MemberData(nameof(WithoutGguf))]
    public void A_family_that_llama_cpp_lacks_is_not_written_as_GGUF(string name)
    {
        ModelConfig config = Read(FamilyCases.All[name].Config);
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => ModelFamilies.ForWritingGguf(config));
        Assert.Contains(config.Family, error.Message, StringComparison.Ordinal);
        Assert.Contains("GGUF", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_setting_that_the_family_does_not_know_is_refused_by_name(string name)
    {
        JsonObject json = JsonNode.Parse(FamilyCases.All[name].Config)!.AsObject();
        json["attention_sharpness"] = 0.5;
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => Read(json.ToJsonString()));
        Assert.Equal("attention_sharpness", error.Field);
        json["attention_sharpness"] = null;
        Assert.Equal(Read(FamilyCases.All[name].Config), Read(json.ToJsonString()));
    }

    [Theory]
    [MemberData(nameof(WithGguf))]
    public void A_key_that_the_architecture_does_not_know_is_refused_by_name(string name)
    {
        ModelConfig config = Read(FamilyCases.All[name].Config);
        ModelFamily family = ModelFamilies.Get(config.Family);
        GgufMetadata metadata = new("model.gguf");
        family.WriteGguf(config, metadata);
        string key = $"{family.GgufArchitecture}.attention.sharpness";
        metadata.Set(key, GgufValue.Of(0.5f));
        HashSet<string> names = [.. TensorCatalog.For(config).Select(family.GgufNamingFor(config).NameOf), .. family.GgufTensors(config).Select(tensor => tensor.Name)];
        Assert.Equal(key, Assert.Throws<InvalidCheckpointException>(() => family.ReadGguf(metadata, names.Contains)).Field);
    }

    private static void AssertSame(Matrix expected, Matrix actual, string name)
    {
        Assert.Equal((expected.Format, expected.Rows, expected.Columns), (actual.Format, actual.Rows, actual.Columns));

        // Norms that are stored as the difference from 1 lose what the subtraction rounds away, once.
        ReadOnlySpan<float> a = new(expected.Data, expected.Rows * expected.Columns);
        ReadOnlySpan<float> b = new(actual.Data, actual.Rows * actual.Columns);
        for (int i = 0; i < a.Length; i++)
        {
            Assert.True(Math.Abs(a[i] - b[i]) <= (name.Contains("norm", StringComparison.Ordinal) ? 1.2e-7f : 0), $"{name}: {a[i]} became {b[i]}.");
        }
    }

    private static bool HasGguf(FamilyCase example) => ModelFamilies.Get(Read(example.Config).Family).HasGguf;

    private static ModelConfig Read(string config)
    {
        JsonField json = JsonField.Parse("config.json", Encoding.UTF8.GetBytes(config));
        return ModelFamilies.ForHuggingFace(json).ReadHuggingFace(json);
    }
}
