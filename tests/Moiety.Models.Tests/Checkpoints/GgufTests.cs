using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Tests.Checkpoints;

/// <summary>GGUF files hold the same model as the folder that they were made of.</summary>
public sealed class GgufTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(FamilyModels.Families), MemberType = typeof(FamilyModels))]
    public void A_folder_that_goes_through_GGUF_comes_back_bit_for_bit(string family)
    {
        ModelConfig config = FamilyModels.Of(family);
        foreach (StorageFormat format in (StorageFormat[])[StorageFormats.F32, StorageFormats.F16, StorageFormats.BF16])
        {
            HuggingFaceOptions options = new() { Format = format };
            HuggingFaceWriter.Write(_folder["first"], config, RandomWeights.Source(), tokenizer: null, options);
            using Checkpoint first = Checkpoint.Open(_folder["first"]);
            GgufWriter.Write(_folder["model.gguf"], first.Config, TensorSource.From(first), tokenizer: null);
            using Checkpoint gguf = Checkpoint.Open(_folder["model.gguf"]);
            HuggingFaceWriter.Write(_folder["second"], gguf.Config, TensorSource.From(gguf), tokenizer: null, options);
            using Checkpoint second = Checkpoint.Open(_folder["second"]);
            Assert.Equal(config, second.Config);
            Bytes.AssertSameTensors(first, second);
            Assert.Equal(File.ReadAllBytes(_folder["first/config.json"]), File.ReadAllBytes(_folder["second/config.json"]));
            Assert.Equal(File.ReadAllBytes(_folder["first/model.safetensors"]), File.ReadAllBytes(_folder["second/model.safetensors"]));
        }
    }

    [Theory]
    [MemberData(nameof(FamilyModels.Families), MemberType = typeof(FamilyModels))]
    public void Query_rows_of_a_Llama_file_are_interleaved_pairs(string family)
    {
        ModelConfig config = FamilyModels.Of(family);
        GgufWriter.Write(_folder["model.gguf"], config, RandomWeights.Source(), tokenizer: null);
        using Checkpoint checkpoint = Checkpoint.Open(_folder["model.gguf"]);
        Assert.Equal(family != "moiety_moe", checkpoint.Config.Rotary!.Interleaved);
        TensorSpec query = TensorCatalog.For(config).First(tensor => tensor.Name == TensorNames.Query(1));
        float[] written = RandomWeights.Values(query);
        float[] read = Bytes.Floats(checkpoint.GetTensor(query.Name));

        // Element i of the first half of a head and element i of the second half become neighbors.
        for (int head = 0; head < config.HeadCount && checkpoint.Config.Rotary!.Interleaved; head++)
        {
            for (int i = 0; i < config.HeadSize / 2; i++)
            {
                for (int half = 0; half < 2; half++)
                {
                    int source = (head * config.HeadSize) + (half * config.HeadSize / 2) + i;
                    int target = (head * config.HeadSize) + (2 * i) + half;
                    Assert.Equal(written[(source * query.Columns)..((source + 1) * query.Columns)], read[(target * query.Columns)..((target + 1) * query.Columns)]);
                }
            }
        }

        if (!checkpoint.Config.Rotary!.Interleaved)
        {
            Assert.Equal(written, read);
        }
    }

    [Fact]
    public void Experts_of_a_layer_are_views_into_one_stacked_tensor()
    {
        ModelConfig config = FamilyModels.Moiety();
        GgufWriter.Write(_folder["model.gguf"], config, RandomWeights.Source(), tokenizer: null);
        using GgufFile file = GgufFile.Open(_folder["model.gguf"]);
        Assert.Equal([4, 64, 32], file.Tensors["blk.3.ffn_down_exps.weight"].Shape);
        Assert.Equal([4, 64], file.Tensors["blk.3.ffn_gate_inp.weight"].Shape);
        Assert.Equal("moiety_moe", file.Metadata.Text("general.architecture"));
        using Checkpoint checkpoint = Checkpoint.Open(_folder["model.gguf"]);
        for (int expert = 0; expert < 4; expert++)
        {
            Matrix matrix = checkpoint.GetTensor(TensorNames.ExpertDown(3, expert));
            Assert.Equal((64, 32), (matrix.Rows, matrix.Columns));
            TensorSpec spec = TensorCatalog.For(config).First(tensor => tensor.Name == TensorNames.ExpertDown(3, expert));
            Assert.Equal(RandomWeights.Values(spec), Bytes.Floats(matrix));
        }
    }

    [Theory]
    [InlineData("Q8_0", 1.0 / 127)]
    [InlineData("Q4_0", 1.0 / 7)]
    public void Block_formats_keep_their_bits_when_rows_move(string formatName, double tolerance)
    {
        ModelConfig config = FamilyModels.Llama();
        StorageFormat format = StorageFormats.ByName(formatName);
        GgufWriter.Write(_folder["model.gguf"], config, RandomWeights.Source(), tokenizer: null, new GgufOptions { FormatFor = _ => format });
        using Checkpoint checkpoint = Checkpoint.Open(_folder["model.gguf"]);
        HuggingFaceWriter.Write(_folder["model"], checkpoint.Config, TensorSource.From(checkpoint), tokenizer: null);
        using Checkpoint folder = Checkpoint.Open(_folder["model"]);
        foreach (TensorSpec tensor in TensorCatalog.For(config))
        {
            float[] written = RandomWeights.Values(tensor);
            float[] read = Bytes.Floats(folder.GetTensor(tensor.Name));
            for (int i = 0; i < written.Length; i++)
            {
                Assert.InRange(Math.Abs(written[i] - read[i]), 0, tolerance);
            }
        }

        // Quantizing the read values again gives the same blocks: nothing was lost but once.
        GgufWriter.Write(_folder["again.gguf"], folder.Config, TensorSource.From(folder), tokenizer: null, new GgufOptions { FormatFor = _ => format });
        using Checkpoint again = Checkpoint.Open(_folder["again.gguf"]);
        foreach (TensorSpec tensor in TensorCatalog.For(config))
        {
            Assert.Equal(Bytes.Floats(checkpoint.GetTensor(tensor.Name)), Bytes.Floats(again.GetTensor(tensor.Name)));
        }
    }

    [Fact]
    public void The_end_of_a_turn_ends_a_text_too()
    {
        GgufMetadata metadata = new("model.gguf");
        metadata.Set("tokenizer.ggml.eos_token_id", GgufValue.OfSize(1));
        Assert.Null(GgufGenerationMetadata.Read(metadata));
        metadata.Set("tokenizer.ggml.eot_token_id", GgufValue.OfSize(107));
        Assert.Equal([1, 107], GgufGenerationMetadata.Read(metadata)!.EosTokenIds);
        GgufGenerationMetadata.Write(new GenerationConfig { EosTokenIds = [5, 6, 7] }, metadata);
        Assert.Equal([5, 6, 7], GgufGenerationMetadata.Read(metadata)!.EosTokenIds);
    }

    [Fact]
    public void How_to_generate_travels_along()
    {
        GenerationConfig wishes = new() { Sample = true, Temperature = 0.75f, TopK = 40, TopP = 0.9f, MinP = 0.05f, RepetitionPenalty = 1.1f, MaxNewTokens = 200 };
        GgufWriter.Write(_folder["model.gguf"], FamilyModels.Llama(), RandomWeights.Source(), tokenizer: null, new GgufOptions { Generation = wishes });
        using Checkpoint gguf = Checkpoint.Open(_folder["model.gguf"]);
        Assert.Equal(wishes, gguf.Generation);
        HuggingFaceWriter.Write(_folder["model"], gguf.Config, TensorSource.From(gguf), tokenizer: null, new HuggingFaceOptions { Generation = gguf.Generation });
        using Checkpoint folder = Checkpoint.Open(_folder["model"]);
        Assert.Equal(wishes.Temperature, folder.Generation!.Temperature);
        Assert.Equal(wishes.MaxNewTokens, folder.Generation.MaxNewTokens);
        Assert.Equal([2, 3], folder.Generation.EosTokenIds);
    }
}
