using System.Text;
using Moiety.Models.Checkpoints;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Tests.Checkpoints;

/// <summary>GGUF files that break a rule are refused with the file, the field and the reason.</summary>
public sealed class GgufBadInputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Wrong_magic() => Refused(file => file.Write("GGML"u8), "magic", "0x46554747");

    [Theory]
    [InlineData(1u, "2 and 3")]
    [InlineData(4u, "2 and 3")]
    [InlineData(0x03000000u, "big-endian")]
    public void Wrong_version(uint version, string reason) => Refused(file => Header(file, version, 0, 0), "version", reason);

    [Fact]
    public void A_file_that_ends_in_the_header() => Refused(file => file.Write("GGUF\x03\x00"u8), "version", "truncated");

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1000ul)]
    public void More_tensors_than_the_file_can_hold(ulong count) => Refused(file => Header(file, 3, count, 0), "number of tensors", $"{count}");

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1000ul)]
    public void More_pairs_than_the_file_can_hold(ulong count) => Refused(file => Header(file, 3, 0, count), "number of key-value pairs", $"{count}");

    [Fact]
    public void A_key_twice() => Refused(file =>
    {
        Header(file, 3, 0, 2);
        Pair(file, "a", 4, writer => writer.Write(1u));
        Pair(file, "a", 4, writer => writer.Write(2u));
    }, "a", "twice");

    [Fact]
    public void A_type_that_does_not_exist() => Refused(file =>
    {
        Header(file, 3, 0, 1);
        Pair(file, "a", 13, writer => writer.Write(1UL));
    }, "a", "13");

    [Fact]
    public void A_text_longer_than_the_file() => Refused(file =>
    {
        Header(file, 3, 0, 1);
        Pair(file, "a", 8, writer => writer.Write(ulong.MaxValue - 7));
    }, "a", "truncated");

    [Fact]
    public void An_array_longer_than_the_file() => Refused(file =>
    {
        Header(file, 3, 0, 1);
        Pair(file, "a", 9, writer =>
        {
            writer.Write(6u);
            writer.Write(1UL << 62);
        });
    }, "a", "do not fit");

    [Fact]
    public void Arrays_nested_without_end() => Refused(file =>
    {
        Header(file, 3, 0, 1);
        Pair(file, "a", 9, writer =>
        {
            for (int i = 0; i < 1000; i++)
            {
                writer.Write(9u);
                writer.Write(1UL);
            }
        });
    }, "a", "nested");

    [Theory]
    [InlineData(0u)]
    [InlineData(12u)]
    [InlineData(uint.MaxValue)]
    public void An_alignment_that_is_none(uint alignment) => Refused(file =>
    {
        Header(file, 3, 0, 1);
        Pair(file, "general.alignment", 4, writer => writer.Write(alignment));
    }, "general.alignment", alignment == uint.MaxValue ? "integer" : "power of two");

    [Theory]
    [InlineData(0ul, 8ul, 0u, 0ul, "a dimension is 0")]
    [InlineData(8ul, 1ul << 63, 0u, 0ul, "a dimension is 9223372036854775808")]
    [InlineData(1ul << 40, 1ul << 40, 0u, 0ul, "overflows")]
    [InlineData(8ul, 8ul, 16u, 0ul, "IQ2_XXS (16) is not supported; known: F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K")]
    [InlineData(8ul, 8ul, 99u, 0ul, "99")]
    [InlineData(40ul, 8ul, 8u, 0ul, "blocks of 32")]
    [InlineData(8ul, 8ul, 0u, 4ul, "alignment")]
    [InlineData(8ul, 8ul, 0u, 64ul, "truncated")]
    [InlineData(8ul, 8ul, 0u, ulong.MaxValue - 31, "truncated")]
    public void A_tensor_that_cannot_be(ulong columns, ulong rows, uint type, ulong offset, string reason) => Refused(file =>
    {
        Header(file, 3, 1, 0);
        Tensor(file, "weights", columns, rows, type, offset);
        Data(file, 256);
    }, "tensor \"weights\"", reason);

    [Fact]
    public void Overlapping_tensors() => Refused(file =>
    {
        Header(file, 3, 2, 0);
        Tensor(file, "a", 8, 8, 0, 0);
        Tensor(file, "b", 8, 8, 0, 224);
        Data(file, 512);
    }, "tensor \"b\"", "inside tensor \"a\"");

    [Fact]
    public void A_tensor_twice() => Refused(file =>
    {
        Header(file, 3, 2, 0);
        Tensor(file, "a", 8, 8, 0, 0);
        Tensor(file, "a", 8, 8, 0, 256);
        Data(file, 512);
    }, "tensor \"a\"", "twice");

    [Fact]
    public void Every_kind_of_value_reads_back()
    {
        string path = _folder["values.gguf"];
        GgufMetadata metadata = new(path);
        metadata.Set("number", GgufValue.Of(2_000_000_000u));
        metadata.Set("single", GgufValue.Of(1.5f));
        metadata.Set("flag", GgufValue.Of(true));
        metadata.Set("text", GgufValue.Of("é\0🚀"));
        metadata.Set("texts", GgufValue.Of(["a", "", "c"]));
        metadata.Set("integers", GgufValue.Of([1, -2, 3]));
        metadata.Set("singles", GgufValue.Of([0.5f, -1f]));
        using (FileStream stream = File.Create(path))
        {
            TensorDeclaration tensor = new("t", StorageFormats.F32, [3]);
            GgufFileWriter writer = new(stream, metadata, [tensor]);
            writer.Write(tensor, new byte[12]);
            writer.Complete();
            Assert.Equal(writer.FileBytes, stream.Length);
        }

        using GgufFile file = GgufFile.Open(path);
        Assert.Equal(metadata.Keys, file.Metadata.Keys);
        Assert.Equal(2_000_000_000, file.Metadata.Int32("number"));
        Assert.Equal(1.5f, file.Metadata.Single("single"));
        Assert.True(file.Metadata.Boolean("flag"));
        Assert.Equal("é\0🚀", file.Metadata.Text("text"));
        Assert.Equal(["a", "", "c"], file.Metadata.Texts("texts")!);
        Assert.Equal([1, -2, 3], file.Metadata.Int32s("integers")!);
        Assert.Equal([0.5f, -1f], file.Metadata.Singles("singles")!);
        Assert.Null(file.Metadata.Text("absent"));
        Assert.Contains("expected a text", Assert.Throws<InvalidCheckpointException>(() => file.Metadata.Text("number")).Message, StringComparison.Ordinal);
    }

    private void Refused(Action<BinaryWriter> write, string field, string reason)
    {
        string path = _folder["broken.gguf"];
        using (BinaryWriter writer = new(File.Create(path)))
        {
            write(writer);
        }

        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => GgufFile.Open(path));
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Equal(field, error.Field);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    private static void Header(BinaryWriter file, uint version, ulong tensors, ulong pairs)
    {
        file.Write("GGUF"u8);
        file.Write(version);
        file.Write(tensors);
        file.Write(pairs);
    }

    private static void Text(BinaryWriter file, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        file.Write((ulong)bytes.Length);
        file.Write(bytes);
    }

    private static void Pair(BinaryWriter file, string key, uint type, Action<BinaryWriter> content)
    {
        Text(file, key);
        file.Write(type);
        content(file);

        // Room, so that counts are not refused before the fault that is meant.
        file.Write(new byte[64]);
        file.BaseStream.Seek(-64, SeekOrigin.Current);
    }

    private static void Tensor(BinaryWriter file, string name, ulong columns, ulong rows, uint type, ulong offset)
    {
        Text(file, name);
        file.Write(2u);
        file.Write(columns);
        file.Write(rows);
        file.Write(type);
        file.Write(offset);
    }

    private static void Data(BinaryWriter file, int bytes)
    {
        file.Write(new byte[(int)(-file.BaseStream.Length & 31)]);
        file.Write(new byte[bytes]);
    }
}
