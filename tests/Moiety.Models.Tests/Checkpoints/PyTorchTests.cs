using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using CsCheck;
using Moiety.Models.Checkpoints;
using Moiety.Models.Checkpoints.PyTorch;
using Moiety.Models.Configuration;

namespace Moiety.Models.Tests.Checkpoints;

/// <summary>
/// Files of <c>torch.save</c> are read as PyTorch reads them, and none can run anything. <c>tests/fixtures/scripts/make_pytorch_fixtures.py</c>
/// made the fixtures.
/// </summary>
public sealed class PyTorchTests : IDisposable
{
    private static readonly string Fixtures = Path.Combine(Repository.Root, "tests", "fixtures", "pytorch");
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("tensors.pth")]
    [InlineData("tensors.legacy.pth")]
    [InlineData("tensors.wrapped.pt")]
    public void Every_view_and_every_type_is_what_PyTorch_sees(string name)
    {
        using PyTorchFile file = PyTorchFile.Open(Path.Combine(Fixtures, name));
        using SafetensorsFile expected = SafetensorsFile.Open(Path.Combine(Fixtures, "expected.safetensors"));
        Assert.Equal(expected.Tensors.Keys.Order(StringComparer.Ordinal), file.Tensors.Keys.Order(StringComparer.Ordinal));
        foreach ((string key, StoredTensor tensor) in expected.Tensors)
        {
            FileTensor actual = file.Tensors[key];
            Assert.Equal(tensor.Type.Name, actual.Type.Name);
            Assert.Equal(tensor.Shape.AsEnumerable(), actual.Shape.AsEnumerable());
            Assert.Equal(Content(new MappedTensor(expected.Mapping, tensor)), Content(actual));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_folder_without_safetensors_is_read_from_its_pickles(bool legacy)
    {
        ModelConfig config = FamilyModels.Mixtral();
        HuggingFaceWriter.Write(_folder["model"], config, RandomWeights.Source(), tokenizer: null);
        HuggingFaceWriter.Write(_folder["pickled"], config, RandomWeights.Source(), tokenizer: null);
        byte[] safe = File.ReadAllBytes(_folder["pickled/model.safetensors"]);
        File.WriteAllBytes(_folder["pickled/pytorch_model.bin"], PyTorchFiles.FromSafetensors(safe, legacy));
        File.Delete(_folder["pickled/model.safetensors"]);
        using Checkpoint expected = Checkpoint.Open(_folder["model"]);
        using Checkpoint actual = Checkpoint.Open(_folder["pickled"]);
        Bytes.AssertSameTensors(expected, actual);
        using Checkpoint single = Checkpoint.Open(_folder["pickled/pytorch_model.bin"]);
        Bytes.AssertSameTensors(expected, single);
    }

    [Fact]
    public void An_index_of_pickles_is_read_and_may_not_leave_the_folder()
    {
        ModelConfig config = FamilyModels.Llama();
        HuggingFaceWriter.Write(_folder["model"], config, RandomWeights.Source(), tokenizer: null, new HuggingFaceOptions { MaxShardBytes = 50_000 });
        using Checkpoint expected = Checkpoint.Open(_folder["model"]);
        Directory.CreateDirectory(_folder["pickled"]);
        File.Copy(_folder["model/config.json"], _folder["pickled/config.json"]);
        string index = File.ReadAllText(_folder["model/model.safetensors.index.json"]).Replace("model-", "pytorch_model-", StringComparison.Ordinal).Replace(".safetensors", ".bin", StringComparison.Ordinal);
        File.WriteAllText(_folder["pickled/pytorch_model.bin.index.json"], index);
        foreach (string shard in Directory.GetFiles(_folder["model"], "model-*.safetensors"))
        {
            File.WriteAllBytes(_folder["pickled/pytorch_" + Path.GetFileNameWithoutExtension(shard) + ".bin"], PyTorchFiles.FromSafetensors(File.ReadAllBytes(shard), legacy: false));
        }

        using (Checkpoint actual = Checkpoint.Open(_folder["pickled"]))
        {
            Bytes.AssertSameTensors(expected, actual);
        }

        File.WriteAllText(_folder["pickled/pytorch_model.bin.index.json"], index.Replace("pytorch_model-00001", "../pytorch_model-00001", StringComparison.Ordinal));
        Assert.Contains("no name of a file in the folder", Assert.Throws<InvalidCheckpointException>(() => Checkpoint.Open(_folder["pickled"])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hostile-system.bin", "posix.system")]
    [InlineData("hostile-eval.bin", "builtins.eval")]
    [InlineData("hostile-load-from-bytes.bin", "torch.storage._load_from_bytes")]
    [InlineData("hostile-getattr.bin", "builtins.getattr")]
    public void A_pickle_that_names_anything_but_the_rebuilding_of_tensors_is_refused_with_the_name(string name, string function)
    {
        string message = Assert.Throws<InvalidCheckpointException>(() => PyTorchFile.Open(Path.Combine(Fixtures, name))).Message;
        Assert.Contains($"\"{function}\"", message, StringComparison.Ordinal);
        Assert.False(File.Exists("/tmp/moiety-pickle-ran"));
    }

    [Fact]
    public void A_dictionary_that_holds_itself_is_no_trouble()
    {
        using PyTorchFile file = PyTorchFile.Open(Path.Combine(Fixtures, "hostile-cycle.bin"));
        Assert.Empty(file.Tensors);
        Assert.Contains("state_dict", Assert.Throws<InvalidCheckpointException>(() => PyTorchFile.Open(Path.Combine(Fixtures, "hostile-no-dictionary.bin"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_long_key_of_many_dictionaries_in_a_training_is_not_copied_for_each()
    {
        const int KeyBytes = 1 << 23;
        const int Count = 20_000;
        using MemoryStream pickle = new();
        void Write(params ReadOnlySpan<byte> bytes) => pickle.Write(bytes);

        // {"module": {"a": {KEY: {}, KEY: {}, …}}}, the key stored once and recalled.
        Write([0x80, 2, (byte)'}', 0x8C, 6, .. "module"u8, (byte)'}', 0x8C, 1, (byte)'a', (byte)'}', (byte)'(']);
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, KeyBytes);
        Write([(byte)'X', .. length]);
        pickle.Write(Enumerable.Repeat((byte)'k', KeyBytes).ToArray());
        Write([(byte)'q', 0, (byte)'}']);
        for (int index = 1; index < Count; index++)
        {
            Write([(byte)'h', 0, (byte)'}']);
        }

        Write([(byte)'u', (byte)'s', (byte)'s', (byte)'.']);
        File.WriteAllBytes(_folder["state.pt"], PyTorchFiles.Zip(pickle.ToArray(), new Dictionary<string, byte[]>()));

        // Copies of the key would take minutes.
        using PyTorchFile file = PyTorchFile.OpenTraining(_folder["state.pt"]);
        Assert.Empty(file.Tensors);
    }

    [Theory]
    [InlineData(4, 0, new long[] { 2, 2 }, new long[] { -2, 1 }, "negative")]
    [InlineData(4, -1, new long[] { 2, 2 }, new long[] { 2, 1 }, "negative")]
    [InlineData(4, 0, new long[] { 2, 3 }, new long[] { 3, 1 }, "leaves its storage")]
    [InlineData(4, 1, new long[] { 2, 2 }, new long[] { 2, 1 }, "leaves its storage")]
    [InlineData(4, 0, new long[] { 2, 2 }, new long[] { long.MaxValue, 1 }, "leaves its storage")]
    [InlineData(4, long.MaxValue, new long[] { 2, 2 }, new long[] { 2, 1 }, "leaves its storage")]
    [InlineData(4, 0, new long[] { 1L << 40, 1L << 40 }, new long[] { 0, 0 }, "overflows")]
    [InlineData(4, 0, new long[] { 1L << 30, 2 }, new long[] { 0, 1 }, "repeats")]
    [InlineData(4, 0, new long[] { -2, 2 }, new long[] { 2, 1 }, "negative dimension")]
    [InlineData(4, 0, new long[] { 2, 2 }, new long[] { 1 }, "strides")]
    [InlineData(1L << 40, 0, new long[] { 2, 2 }, new long[] { 2, 1 }, "do not fit its 16 bytes")]
    [InlineData(-1, 0, new long[] { 2, 2 }, new long[] { 2, 1 }, "storage")]
    public void A_view_that_leaves_its_storage_is_refused(long count, long offset, long[] shape, long[] strides, string reason)
    {
        PickledTensor tensor = new("a", "FloatStorage", "0", count, offset, [.. shape], [.. strides]);
        Refused(PyTorchFiles.Zip(PyTorchFiles.StateDictionary([tensor]), Storages(16)), reason);
    }

    [Fact]
    public void Names_and_storages_must_be_unambiguous()
    {
        PickledTensor tensor = PickledTensor.Plain("a", "FloatStorage", "0", 2, 2);
        Refused(PyTorchFiles.Zip(PyTorchFiles.StateDictionary([tensor, tensor]), Storages(16)), "occurs twice");
        Refused(PyTorchFiles.Zip(PyTorchFiles.StateDictionary([tensor, tensor with { Name = "b", StorageType = "HalfStorage" }]), Storages(16)), "two ways");
        Refused(PyTorchFiles.Zip(PyTorchFiles.StateDictionary([tensor with { Key = "../0" }]), Storages(16)), "no such entry");
        Refused(PyTorchFiles.Legacy(PyTorchFiles.StateDictionary([tensor]), []), "1 are used, 0 are in the file");
        Refused(PyTorchFiles.Legacy(PyTorchFiles.StateDictionary([tensor]), [("0", 5, new byte[20])]), "not the 4 elements");
        Refused(PyTorchFiles.Legacy(PyTorchFiles.StateDictionary([tensor]), [("0", 4, new byte[15])]), "the file ends");
    }

    [Fact]
    public void Archives_that_are_compressed_or_whose_entries_overlap_are_refused()
    {
        byte[] pickle = PyTorchFiles.StateDictionary([PickledTensor.Plain("a", "FloatStorage", "0", 2, 2)]);
        Refused(PyTorchFiles.Zip(pickle, Storages(1 << 20), CompressionLevel.Optimal), "compressed");
        byte[] intact = PyTorchFiles.Zip(pickle, Storages(16));
        File.WriteAllBytes(_folder["intact.bin"], intact);
        using (PyTorchFile file = PyTorchFile.Open(_folder["intact.bin"]))
        {
            Assert.Equal([2, 2], file.Tensors["a"].Shape);
        }

        // The second entry of the directory is made to lie in the first one's header.
        int directory = intact.AsSpan().LastIndexOf("PK\u0001\u0002"u8);
        byte[] overlapping = [.. intact];
        BinaryPrimitives.WriteUInt32LittleEndian(overlapping.AsSpan(directory + 42), 0);
        Refused(overlapping, "overlap");
        byte[] longer = [.. intact];
        BinaryPrimitives.WriteUInt32LittleEndian(longer.AsSpan(directory + 20), 1 << 30);
        BinaryPrimitives.WriteUInt32LittleEndian(longer.AsSpan(directory + 24), 1 << 30);
        Refused(longer, "the file ends at");
        Refused(intact[..^30], "its end is missing");
    }

    [Theory]
    [InlineData("2e", "an empty stack")]
    [InlineData("282e", "an empty stack")]
    [InlineData("4e4e2e", "1 values are left")]
    [InlineData("68002e", "recalls value 0")]
    [InlineData("742e", "a mark that was not set")]
    [InlineData("8cff41", "more bytes")]
    [InlineData("8d00000000ffffffff", "bytes")]
    [InlineData("8aff", "an integer has 255 bytes")]
    [InlineData("5801000000ff2e", "not valid UTF-8")]
    [InlineData("7d4e732e", "an empty stack")]
    [InlineData("7d284e752e", "a key without a value")]
    [InlineData("4e2952", "no function")]
    [InlineData("5d51", "no tuple")]
    [InlineData("2951", "storage is not described")]
    [InlineData("63746f7263680a53697a650a2952", "other arguments")]
    [InlineData("82", "0x82")]
    [InlineData("4e2981", "no function")]
    [InlineData("63746f7263680a53697a650a2981", "made in another way")]
    [InlineData("4e4e62", "gets attributes")]
    [InlineData("6341", "a name has no end")]
    public void Broken_pickles_are_refused_where_they_break(string hex, string reason) =>
        Refused(PyTorchFiles.Zip(Convert.FromHexString(hex), Storages(16)), reason);

    [Fact]
    public void Copies_of_copies_do_not_fill_the_memory()
    {
        // A list of 100,000 pairs becomes a dictionary again and again.
        List<byte> pickle = [0x80, 2, (byte)']', (byte)'q', 0, (byte)'('];
        for (int i = 0; i < 100_000; i++)
        {
            pickle.AddRange([(byte)'N', (byte)'N', 0x86]);
        }

        pickle.Add((byte)'e');
        for (int i = 0; i < 100_000; i++)
        {
            pickle.AddRange(Encoding.ASCII.GetBytes("ccollections\nOrderedDict\n"));
            pickle.AddRange([(byte)'h', 0, 0x85, (byte)'R']);
        }

        Refused(PyTorchFiles.Zip([.. pickle], Storages(16)), "objects");
    }

    [Fact]
    public void Any_strides_within_a_storage_gather_the_same_elements_as_a_loop()
    {
        Gen.Select(Gen.Int[1, 4].Array[1, 4], Gen.Int[0, 30], Gen.Int[0, 5].Array[4]).Sample((shape, offset, strides) =>
        {
            long last = offset + shape.Select((size, i) => (size - 1) * strides[i]).Sum();
            int elements = Math.Max((int)last + 1, shape.Aggregate(1, (product, size) => product * size));
            byte[] storage = [.. Enumerable.Range(0, elements).SelectMany(i => BitConverter.GetBytes((float)i))];
            PickledTensor tensor = new("a", "FloatStorage", "0", elements, offset, [.. shape.Select(size => (long)size)], [.. strides.Take(shape.Length).Select(stride => (long)stride)]);
            string path = _folder[$"{Guid.NewGuid():N}.pt"];
            File.WriteAllBytes(path, PyTorchFiles.Zip(PyTorchFiles.StateDictionary([tensor]), new Dictionary<string, byte[]> { ["0"] = storage }));
            using PyTorchFile file = PyTorchFile.Open(path);
            List<float> expected = [offset];
            for (int i = 0; i < shape.Length; i++)
            {
                expected = [.. expected.SelectMany(start => Enumerable.Range(0, shape[i]).Select(index => start + (index * strides[i])))];
            }

            Assert.Equal([.. expected.SelectMany(BitConverter.GetBytes)], Content(file.Tensors["a"]));
        }, iter: 200);
    }

    private void Refused(byte[] file, string reason)
    {
        string path = _folder["refused.bin"];
        File.WriteAllBytes(path, file);
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => PyTorchFile.Open(path));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Equal(path, error.Path);
    }

    private static Dictionary<string, byte[]> Storages(int bytes) => new() { ["0"] = new byte[bytes] };

    private static unsafe byte[] Content(FileTensor tensor)
    {
        byte[] bytes = new byte[tensor.Shape.Aggregate(1L, (product, size) => product * size) * tensor.Type.BlockBytes];
        fixed (byte* target = bytes)
        {
            tensor.Read(0, bytes.Length, target);
        }

        return bytes;
    }
}
