using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Tests.Checkpoints;

/// <summary>A model in several GGUF files is the same model, whichever of them is opened; what is missing is named.</summary>
public sealed class GgufShardTests : IDisposable
{
    private const int Shards = 3;
    private readonly TemporaryFolder _folder = new();

    public GgufShardTests()
    {
        GgufWriter.Write(_folder["whole.gguf"], FamilyModels.Mixtral(), RandomWeights.Source(), tokenizer: null);
        GgufShardFiles.Split(_folder["whole.gguf"], _folder["model"], Shards);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Any_of_the_files_opens_the_model(int number)
    {
        using Checkpoint whole = Checkpoint.Open(_folder["whole.gguf"]);
        using Checkpoint shards = Checkpoint.Open(Shard(number));
        Assert.Equal(whole.Config, shards.Config);
        Bytes.AssertSameTensors(whole, shards);
    }

    [Fact]
    public void A_model_is_written_in_files_of_a_size_and_opens_again()
    {
        using Checkpoint whole = Checkpoint.Open(_folder["whole.gguf"]);
        IReadOnlyList<string> files = GgufWriter.Write(
            _folder["written.gguf"], whole.Config, TensorSource.From(whole), tokenizer: null, new GgufOptions { MaxShardBytes = 40_000 });
        Assert.True(files.Count > 2);
        Assert.Equal(_folder[$"written-00001-of-{files.Count:D5}.gguf"], files[0]);
        Assert.Equal(files.Order(StringComparer.Ordinal), Directory.GetFiles(_folder.Path, "written*").Order(StringComparer.Ordinal));
        Assert.All(files, file => Assert.True(new FileInfo(file).Length < 60_000));
        using Checkpoint shards = Checkpoint.Open(files[^1]);
        Assert.Equal(whole.Config, shards.Config);
        Bytes.AssertSameTensors(whole, shards);
        Assert.Equal([_folder["one.gguf"]], GgufWriter.Write(_folder["one.gguf"], whole.Config, TensorSource.From(whole), tokenizer: null, new GgufOptions { MaxShardBytes = 1 << 30 }));
        Assert.Equal(File.ReadAllBytes(_folder["whole.gguf"]), File.ReadAllBytes(_folder["one.gguf"]));
    }

    [Fact]
    public void Nothing_is_left_when_writing_stops_at_a_later_file()
    {
        using Checkpoint whole = Checkpoint.Open(_folder["whole.gguf"]);
        TensorSource broken = TensorSource.From((tensor, values) => values.Fill(tensor.Name == TensorNames.FinalNorm ? float.NaN : 1));
        Assert.ThrowsAny<InvalidInputException>(() => GgufWriter.Write(_folder["written.gguf"], whole.Config, broken, tokenizer: null, new GgufOptions { MaxShardBytes = 40_000 }));
        Assert.Empty(Directory.GetFiles(_folder.Path, "written*"));
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        File.Delete(Shard(2));
        Refused(Shard(1), "split.count", "model-00002-of-00003.gguf");
    }

    [Fact]
    public void A_renamed_file_says_how_the_others_are_found()
    {
        File.Move(Shard(1), _folder["renamed.gguf"]);
        Refused(_folder["renamed.gguf"], "split.count", "NAME-00001-of-00003.gguf");
    }

    [Fact]
    public void Files_in_the_wrong_order_or_of_other_models_are_refused()
    {
        byte[] second = File.ReadAllBytes(Shard(2));
        File.Copy(Shard(3), Shard(2), overwrite: true);
        Refused(Shard(1), "split.no", "found 2, expected 1");
        File.WriteAllBytes(Shard(2), second);
        GgufShardFiles.Split(_folder["whole.gguf"], _folder["model"], Shards, announcedTensors: 1000);
        Refused(Shard(1), "split.tensors.count", "1000 tensors are announced");
        GgufShardFiles.Split(_folder["whole.gguf"], _folder["other"], 2);
        File.Copy(_folder["other-00002-of-00002.gguf"], Shard(2), overwrite: true);
        Refused(Shard(1), "split.count", "found 2, expected 3");
    }

    [Fact]
    public void A_tensor_that_two_files_hold_is_refused()
    {
        GgufShardFiles.Split(_folder["whole.gguf"], _folder["model"], Shards, repeated: "output_norm.weight");
        Refused(Shard(1), "output_norm.weight", "model-00001-of-00003.gguf");
    }

    [Theory]
    [InlineData("F32", "F32")]
    [InlineData("BF16", "BF16")]
    [InlineData("Q8_0", "F16")]
    public void Halves_of_a_latent_projection_are_put_together(string keyFormat, string valueFormat)
    {
        // heads, rank, rows of keys and of values of a head
        const int Heads = 3, Rank = 32, Keys = 64, Values = 8;
        StorageFormat keys = StorageFormats.ByName(keyFormat);
        StorageFormat values = StorageFormats.ByName(valueFormat);
        float[] stored = [.. Enumerable.Range(0, Heads * Rank * Keys).Select(i => (i * 37 % 101 / 64f) - 0.5f)];
        float[] storedValues = [.. Enumerable.Range(0, Heads * Values * Rank).Select(i => (i * 53 % 103 / 64f) - 0.5f)];
        TensorDeclaration[] declarations = [new("blk.0.attn_k_b.weight", keys, [Heads, Rank, Keys]), new("blk.0.attn_v_b.weight", values, [Heads, Values, Rank])];
        using (FileStream stream = File.Create(_folder["latent.gguf"]))
        {
            GgufFileWriter writer = new(stream, new GgufMetadata("latent.gguf"), declarations);
            foreach ((TensorDeclaration declaration, float[] content) in declarations.Zip([stored, storedValues]))
            {
                byte[] bytes = new byte[declaration.ByteLength];
                declaration.Format.Quantize(content, bytes);
                writer.Write(declaration, bytes);
                declaration.Format.Dequantize(bytes, content);
            }

            writer.Complete();
        }

        using GgufShards file = GgufShards.Open(_folder["latent.gguf"]);
        LatentUpTensor.Join(file.Tensors);
        (string name, FileTensor joined) = Assert.Single(file.Tensors);
        Assert.Equal("blk.0.attn_kv_b.weight", name);
        Assert.Equal([Heads * (Keys + Values), Rank], joined.Shape);
        float[] expected = [.. Enumerable.Range(0, Heads).SelectMany(head =>
            Enumerable.Range(0, Keys).SelectMany(row => Enumerable.Range(0, Rank).Select(column => stored[(((head * Rank) + column) * Keys) + row]))
                .Concat(storedValues.AsSpan(head * Values * Rank, Values * Rank).ToArray()))];
        Assert.Equal(expected, Floats(joined, 0, Heads * (Keys + Values)));
        Assert.Equal(expected[(5 * Rank)..(100 * Rank)], Floats(joined, 5, 95));
    }

    private static unsafe float[] Floats(FileTensor tensor, int firstRow, int rows)
    {
        int columns = (int)tensor.Shape[1];
        byte[] bytes = new byte[tensor.Format.RowBytes(columns) * rows];
        fixed (byte* target = bytes)
        {
            tensor.Read(tensor.Format.RowBytes(columns) * firstRow, bytes.Length, target);
        }

        float[] values = new float[rows * columns];
        tensor.Format.Dequantize(bytes, values);
        return values;
    }

    private string Shard(int number) => _folder[$"model-{number:D5}-of-{Shards:D5}.gguf"];

    private static void Refused(string path, string field, string reason)
    {
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => Checkpoint.Open(path));
        Assert.Contains(field, error.Field, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }
}
