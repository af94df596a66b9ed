using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Tests.Checkpoints;

/// <summary>A folder that is written reads back as it was.</summary>
public sealed class HuggingFaceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(FamilyModels.Families), MemberType = typeof(FamilyModels))]
    public void A_written_folder_reads_back_exactly(string family)
    {
        ModelConfig config = FamilyModels.Of(family);
        HuggingFaceWriter.Write(_folder["model"], config, RandomWeights.Source(), tokenizer: null);
        using Checkpoint checkpoint = Checkpoint.Open(_folder["model"]);
        Assert.Equal(config, checkpoint.Config);
        Assert.Equal(TensorCatalog.For(config).Select(tensor => tensor.Name), checkpoint.TensorNames);
        foreach (TensorSpec tensor in TensorCatalog.For(config))
        {
            Assert.Equal(RandomWeights.Values(tensor), Bytes.Floats(checkpoint.GetTensor(tensor.Name)));
        }
    }

    [Theory]
    [MemberData(nameof(FamilyModels.Families), MemberType = typeof(FamilyModels))]
    public void Shards_hold_the_same_tensors_as_one_file(string family)
    {
        ModelConfig config = FamilyModels.Of(family);
        HuggingFaceWriter.Write(_folder["one"], config, RandomWeights.Source(), tokenizer: null);
        HuggingFaceWriter.Write(_folder["many"], config, RandomWeights.Source(), tokenizer: null, new HuggingFaceOptions { MaxShardBytes = 20_000 });
        Assert.True(File.Exists(_folder["many/model.safetensors.index.json"]));
        Assert.True(Directory.GetFiles(_folder["many"], "model-00001-of-*.safetensors").Length == 1);
        using Checkpoint one = Checkpoint.Open(_folder["one"]);
        using Checkpoint many = Checkpoint.Open(_folder["many"]);
        Bytes.AssertSameTensors(one, many);
    }

    [Fact]
    public void Routers_of_a_half_precision_folder_stay_single()
    {
        ModelConfig config = FamilyModels.Moiety();
        HuggingFaceWriter.Write(_folder["model"], config, RandomWeights.Source(), tokenizer: null, new HuggingFaceOptions { Format = StorageFormats.BF16 });
        using Checkpoint checkpoint = Checkpoint.Open(_folder["model"]);
        Assert.Equal(StorageFormats.F32, checkpoint.GetTensor(TensorNames.Router(1)).Format);
        Assert.Equal(StorageFormats.F32, checkpoint.GetTensor(TensorNames.Coefficient(1)).Format);
        Assert.Equal(StorageFormats.BF16, checkpoint.GetTensor(TensorNames.ExpertUp(1, 0)).Format);
    }
}
