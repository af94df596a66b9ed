using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Tests.Checkpoints;

/// <summary>Folders whose files do not fit each other are refused with what was expected and what was found.</summary>
public sealed class BadFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public BadFolderTests() => HuggingFaceWriter.Write(
        _folder["model"], FamilyModels.Mixtral(), RandomWeights.Source(), tokenizer: null, new HuggingFaceOptions { MaxShardBytes = 60_000 });

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Nothing_there() => Refused(_folder["absent"], "no such file or folder");

    [Fact]
    public void A_file_of_another_kind()
    {
        File.WriteAllText(_folder["notes.txt"], "Dear diary");
        Refused(_folder["notes.txt"], "no model that Moiety reads");
    }

    [Fact]
    public void No_configuration()
    {
        File.Delete(_folder["model/config.json"]);
        Refused("config.json", "missing");
    }

    [Fact]
    public void No_weights()
    {
        foreach (string file in Directory.GetFiles(_folder["model"], "model*"))
        {
            File.Delete(file);
        }

        Refused("model.safetensors", "holds no weights");
    }

    [Fact]
    public void A_shard_is_missing()
    {
        string shard = Directory.GetFiles(_folder["model"], "model-00002-*").Single();
        File.Delete(shard);
        Refused("weight_map", Path.GetFileName(shard));
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData("")]
    public void The_index_points_out_of_the_folder(string name)
    {
        Edit("model.safetensors.index.json", json => json["weight_map"]!["lm_head.weight"] = name);
        Refused("weight_map", "no name of a file in the folder");
    }

    [Fact]
    public void A_tensor_is_missing()
    {
        Edit("config.json", json => json["num_hidden_layers"] = 3);
        Refused("model.layers.2.input_layernorm.weight", "missing");
    }

    [Fact]
    public void A_tensor_has_another_shape()
    {
        Edit("config.json", json => json["intermediate_size"] = 48);
        Refused("w1.weight", "found shape [32, 64], the configuration calls for [48, 64]");
    }

    [Fact]
    public void A_tensor_is_not_called_for()
    {
        Edit("config.json", json => json["num_hidden_layers"] = 1);
        Refused("model.layers.1.", "does not call for it");
    }

    [Fact]
    public void The_configuration_contradicts_itself()
    {
        Edit("config.json", json => json["num_experts_per_tok"] = 5);
        Refused("experts per token", "5 is not between 1 and the 4 experts");
    }

    [Fact]
    public void The_tokenizer_is_of_a_larger_model()
    {
        TokenizerJson.WriteFolder(BpeTrainer.Train(["the cat"], new BpeTrainerOptions { VocabularySize = 258 }), _folder["model"]);

        // Who only wants the weights does not wait for a tokenizer to be made.
        using Checkpoint checkpoint = Checkpoint.Open(_folder["model"]);
        for (int i = 0; i < 2; i++)
        {
            InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => checkpoint.Tokenizer);
            Assert.Equal((_folder["model"], "tokenizer"), (error.Path, error.Field));
            Assert.Contains("the embedding only 50 rows", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_missing_tokenizer_is_none()
    {
        using Checkpoint checkpoint = Checkpoint.Open(_folder["model"]);
        Assert.Null(checkpoint.Tokenizer);
        Assert.Contains("no tokenizer", Assert.Throws<InvalidCheckpointException>(() => Checkpoint.OpenTokenizer(WriteGguf())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_that_is_not_there_is_asked_for()
    {
        using Checkpoint checkpoint = Checkpoint.Open(_folder["model"]);
        Assert.Contains("absent.weight", Assert.Throws<InvalidCheckpointException>(() => checkpoint.GetTensor("absent.weight")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("F32", "NaN")]
    [InlineData("F32", "Infinity")]
    [InlineData("F16", "NaN")]
    [InlineData("BF16", "-Infinity")]
    [InlineData("Q8_0", "NaN")]
    [InlineData("Q4_0", "Infinity")]
    public void A_weight_that_is_no_number_is_found(string formatName, string value)
    {
        StorageFormat format = StorageFormats.ByName(formatName);
        string path = _folder["model.gguf"];
        GgufWriter.Write(path, FamilyModels.Llama(), RandomWeights.Source(), tokenizer: null, new GgufOptions { FormatFor = _ => format });
        long offset;
        using (GgufFile file = GgufFile.Open(path))
        {
            StoredTensor tensor = file.Tensors["blk.1.ffn_down.weight"];
            long rowBytes = format.RowBytes(96);
            offset = tensor.Offset + (rowBytes * 5) + (format.BlockLength > 1 ? format.BlockBytes : 40 * format.BlockBytes);
        }

        float number = float.Parse(value, System.Globalization.CultureInfo.InvariantCulture);
        byte[] bytes = formatName switch
        {
            "F32" => BitConverter.GetBytes(number),
            "BF16" => BitConverter.GetBytes(number)[2..],
            // Block formats: the half-precision scale of the second block.
            _ => BitConverter.GetBytes((Half)number),
        };
        using (FileStream stream = File.OpenWrite(path))
        {
            stream.Position = offset;
            stream.Write(bytes);
        }

        using Checkpoint checkpoint = Checkpoint.Open(path);
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => checkpoint.VerifyFinite());
        Assert.Contains(TensorNames.Down(1), error.Field, StringComparison.Ordinal);
        Assert.Contains($"row 5, column {(format.BlockLength > 1 ? 32 : 40)} ", error.Message, StringComparison.Ordinal);
    }

    private string WriteGguf()
    {
        GgufWriter.Write(_folder["plain.gguf"], FamilyModels.Llama(), RandomWeights.Source(), tokenizer: null);
        return _folder["plain.gguf"];
    }

    private void Edit(string file, Action<JsonNode> edit)
    {
        string path = Path.Combine(_folder["model"], file);
        JsonNode json = JsonNode.Parse(File.ReadAllText(path))!;
        edit(json);
        File.WriteAllText(path, json.ToJsonString());
    }

    private void Refused(string field, string reason)
    {
        string path = field.StartsWith('/') ? field : _folder["model"];
        InvalidInputException error = Assert.ThrowsAny<InvalidInputException>(() => Checkpoint.Open(path).Dispose());
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(field, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }
}
