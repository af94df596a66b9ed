using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Moiety.Models.Checkpoints;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Tests.Checkpoints;

/// <summary>The safetensors format: what is written reads back, and what breaks its rules is refused by name.</summary>
public sealed class SafetensorsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Any_set_of_tensors_reads_back()
    {
        Gen<TensorDeclaration> declaration = Gen.Select(
            Gen.Int[0, 2].Select(index => StorageFormats.All[index]),
            Gen.Long[0, 5].Array[0, 3],
            (format, shape) => new TensorDeclaration("", format, [.. shape]));
        declaration.Array[0, 8].Sample(tensors =>
        {
            tensors = [.. tensors.Select((tensor, index) => tensor with { Name = $"tensor \"{index}\" é\n" })];
            string path = _folder[$"{Guid.NewGuid():N}.safetensors"];
            using (FileStream stream = File.Create(path))
            {
                SafetensorsWriter writer = new(stream, tensors, new Dictionary<string, string> { ["key"] = "value" });
                foreach (TensorDeclaration tensor in writer.Tensors)
                {
                    // In two pieces, as a writer that streams does.
                    byte[] content = Content(tensor);
                    writer.Write(tensor, content.AsSpan(0, content.Length / 2));
                    writer.Write(tensor, content.AsSpan(content.Length / 2));
                }

                writer.Complete();
                Assert.Equal(writer.FileBytes, stream.Length);
            }

            using SafetensorsFile file = SafetensorsFile.Open(path);
            Assert.Equal("value", file.Metadata["key"]);
            Assert.Equal(tensors.Length, file.Tensors.Count);
            byte[] whole = File.ReadAllBytes(path);
            foreach (TensorDeclaration tensor in tensors)
            {
                StoredTensor stored = file.Tensors[tensor.Name];
                Assert.Equal((tensor.Format, tensor.ByteLength), (stored.Format, stored.ByteLength));
                Assert.Equal(tensor.Shape.AsEnumerable(), stored.Shape.AsEnumerable());
                Assert.Equal(Content(tensor), whole.AsSpan((int)stored.Offset, (int)stored.ByteLength).ToArray());
            }
        }, iter: 200);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "\"b\"", "inside tensor \"a\"")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}""", 16, "\"b\"", "no gaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "\"a\"", "leave the 4 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 12, "data", "the last tensor ends")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "\"a\"", "needs 12")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}""", 8, "\"a\"", "overflows")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "\"a\"", "shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "\"a\"", "data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,9]}}""", 8, "\"a\"", "data_offsets")]
    [InlineData("""{"a":{"dtype":"F4","shape":[8],"data_offsets":[0,8]}}""", 8, "\"a\"", "BF16")]
    [InlineData("""{"a":{"shape":[2],"data_offsets":[0,8]}}""", 8, "\"a\"", "dtype")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "header", "JSON")]
    [InlineData("""[1]""", 0, "header", "object")]
    [InlineData("""{"a":""", 0, "header", "JSON")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "__metadata__", "texts")]
    public void Broken_headers_are_refused_by_name(string header, int dataBytes, string field, string reason)
    {
        // Padded so that the data is aligned and only the named fault is there.
        string padded = header.PadRight((header.Length + 7) / 8 * 8);
        byte[] file = new byte[8 + padded.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(file, padded.Length);
        Encoding.UTF8.GetBytes(padded).CopyTo(file, 8);
        Refused(file, field, reason);
    }

    [Fact]
    public void Elements_that_are_not_aligned_or_not_computed_with_are_there_but_give_no_view()
    {
        string header = """{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]},"c":{"dtype":"I64","shape":[1],"data_offsets":[6,14]}}""";
        string padded = header.PadRight((header.Length + 7) / 8 * 8);
        byte[] content = new byte[8 + padded.Length + 14];
        BinaryPrimitives.WriteInt64LittleEndian(content, padded.Length);
        Encoding.UTF8.GetBytes(padded).CopyTo(content, 8);
        File.WriteAllBytes(_folder["mixed.safetensors"], content);
        using SafetensorsFile file = SafetensorsFile.Open(_folder["mixed.safetensors"]);
        Assert.Equal(1, file.GetMatrix("a").Columns);
        Assert.Contains("no multiple of the 4", Assert.Throws<InvalidCheckpointException>(() => file.GetMatrix("b")).Message, StringComparison.Ordinal);
        Assert.Contains("I64 is not supported for weights; known: BF16, F16, F32", Assert.Throws<InvalidCheckpointException>(() => file.GetMatrix("c")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[0], "file", "empty")]
    [InlineData(new byte[] { 1, 2, 3 }, "header length", "3 bytes")]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255, 0 }, "header length", "18446744073709551615")]
    [InlineData(new byte[] { 100, 0, 0, 0, 0, 0, 0, 0, 0 }, "header length", "100 bytes, but the file has 9")]
    public void Broken_lengths_are_refused_by_name(byte[] file, string field, string reason) => Refused(file, field, reason);

    [Fact]
    public void A_writer_notices_what_was_not_written()
    {
        TensorDeclaration first = new("first", StorageFormats.F32, [2]);
        TensorDeclaration second = new("second", StorageFormats.F32, [2]);
        SafetensorsWriter writer = new(Stream.Null, [first, second]);
        Assert.Throws<InvalidOperationException>(() => writer.Write(second, new byte[8]));
        writer = new(Stream.Null, [first, second]);
        writer.Write(first, new byte[4]);
        Assert.Throws<InvalidOperationException>(() => writer.Write(second, new byte[8]));
        writer = new(Stream.Null, [first, second]);
        writer.Write(first, new byte[8]);
        Assert.Throws<InvalidOperationException>(writer.Complete);
        Assert.Throws<InvalidOperationException>(() => writer.Write(second, new byte[9]));
        Assert.Contains("F16", Assert.Throws<InvalidInputException>(() => new SafetensorsWriter(Stream.Null, [new("q", StorageFormats.Q8_0, [32])])).Message);
    }

    private void Refused(byte[] file, string field, string reason)
    {
        string path = _folder["broken.safetensors"];
        File.WriteAllBytes(path, file);
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => SafetensorsFile.Open(path));
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(field, error.Field, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    private static byte[] Content(TensorDeclaration tensor) =>
        [.. Enumerable.Range(0, (int)tensor.ByteLength).Select(i => (byte)((i * 7) + tensor.Name.Length))];
}
