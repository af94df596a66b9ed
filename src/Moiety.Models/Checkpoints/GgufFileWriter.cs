using System.Runtime.InteropServices;
using System.Text;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// Streams a GGUF version 3 file: the pairs and the tensors are declared first, which fixes the header, then the bytes of the
/// tensors are written one after another in the order in which they were declared.
/// </summary>
public sealed class GgufFileWriter
{
    // ggml keeps names in 64 bytes with a zero at the end.
    private const int MaxTensorNameBytes = 63;
    private readonly Stream _stream;
    private readonly byte[] _header;
    private readonly List<TensorDeclaration> _tensors;
    private int _current = -1;
    private long _missing;

    /// <summary>Declares what the file holds. Nothing is written yet.</summary>
    /// <param name="stream">Where the file goes; the caller closes it.</param>
    /// <param name="metadata">The key-value pairs.</param>
    /// <param name="tensors">What will be written, in this order.</param>
    /// <exception cref="InvalidInputException">A format that the file cannot hold, a name twice or too long.</exception>
    public GgufFileWriter(Stream stream, GgufMetadata metadata, IEnumerable<TensorDeclaration> tensors)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(metadata);
        _stream = stream;
        _tensors = [.. tensors];
        (_header, FileBytes) = Header(metadata, _tensors);
    }

    /// <summary>Bytes of the complete file.</summary>
    public long FileBytes { get; }

    /// <summary>Writes the next bytes of the tensor that is due; may be called in pieces.</summary>
    /// <exception cref="InvalidOperationException">Another tensor is due, or the bytes are more than it declared.</exception>
    public void Write(TensorDeclaration tensor, ReadOnlySpan<byte> bytes)
    {
        if (_current < 0 || _tensors[_current] != tensor)
        {
            Advance();
            if (_current >= _tensors.Count || _tensors[_current] != tensor)
            {
                throw new InvalidOperationException($"Tensor \"{tensor?.Name}\" is not the one that is due.");
            }
        }

        if (bytes.Length > _missing)
        {
            throw new InvalidOperationException($"Tensor \"{tensor.Name}\" has {tensor.ByteLength} bytes; more were written.");
        }

        _stream.Write(bytes);
        _missing -= bytes.Length;
    }

    /// <summary>Checks that every declared byte was written, and ends the file.</summary>
    /// <exception cref="InvalidOperationException">A tensor is missing or incomplete.</exception>
    public void Complete()
    {
        Advance();
        if (_current < _tensors.Count)
        {
            throw new InvalidOperationException($"Tensor \"{_tensors[_current].Name}\" was not written.");
        }
    }

    private void Advance()
    {
        if (_missing != 0)
        {
            throw new InvalidOperationException($"Tensor \"{_tensors[_current].Name}\" still needs {_missing} bytes.");
        }

        if (_current < 0)
        {
            _stream.Write(_header);
        }
        else
        {
            _stream.Write(new byte[Padding(_tensors[_current].ByteLength)]);
        }

        _current++;
        _missing = _current < _tensors.Count ? _tensors[_current].ByteLength : 0;
    }

    private static (byte[] Header, long FileBytes) Header(GgufMetadata metadata, List<TensorDeclaration> tensors)
    {
        if (metadata.Int32("general.alignment") is not (null or GgufFile.DefaultAlignment))
        {
            throw new InvalidInputException($"general.alignment: GGUF files are written with the alignment {GgufFile.DefaultAlignment} only.");
        }

        using MemoryStream buffer = new();
        using BinaryWriter writer = new(buffer);
        writer.Write(GgufFile.Magic);
        writer.Write(3u);
        writer.Write((ulong)tensors.Count);
        writer.Write((ulong)metadata.Keys.Count);
        foreach (string key in metadata.Keys)
        {
            GgufValue value = metadata.Find(key)!;
            WriteText(writer, key);
            writer.Write((uint)value.Type);
            WriteContent(writer, value);
        }

        HashSet<string> names = new(StringComparer.Ordinal);
        long offset = 0;
        foreach (TensorDeclaration tensor in tensors)
        {
            if (!names.Add(tensor.Name) || Encoding.UTF8.GetByteCount(tensor.Name) is 0 or > MaxTensorNameBytes)
            {
                throw new InvalidInputException($"tensor \"{tensor.Name}\": the name occurs twice, or has not 1 to {MaxTensorNameBytes} bytes.");
            }

            WriteText(writer, tensor.Name);
            writer.Write((uint)tensor.Shape.Length);
            foreach (long size in tensor.Shape.Reverse())
            {
                writer.Write((ulong)size);
            }

            writer.Write(GgufTypes.NumberOf(tensor.Format));
            writer.Write((ulong)offset);
            offset += tensor.ByteLength + Padding(tensor.ByteLength);
        }

        writer.Write(new byte[Padding(buffer.Length)]);
        return (buffer.ToArray(), buffer.Length + offset);
    }

    private static void WriteContent(BinaryWriter writer, GgufValue value)
    {
        switch (value.Content)
        {
            case byte number: writer.Write(number); break;
            case sbyte number: writer.Write(number); break;
            case ushort number: writer.Write(number); break;
            case short number: writer.Write(number); break;
            case uint number: writer.Write(number); break;
            case int number: writer.Write(number); break;
            case float number: writer.Write(number); break;
            case bool flag: writer.Write(flag); break;
            case string text: WriteText(writer, text); break;
            case ulong number: writer.Write(number); break;
            case long number: writer.Write(number); break;
            case double number: writer.Write(number); break;
            default: WriteArray(writer, value); break;
        }
    }

    private static void WriteArray(BinaryWriter writer, GgufValue value)
    {
        Array array = (Array)value.Content;
        writer.Write((uint)value.ElementType!.Value);
        writer.Write((ulong)array.Length);
        switch (array)
        {
            case string[] texts:
                foreach (string text in texts)
                {
                    WriteText(writer, text);
                }

                break;
            case GgufValue[] arrays:
                foreach (GgufValue inner in arrays)
                {
                    WriteArray(writer, inner);
                }

                break;
            default:
                writer.Write(AsBytes(array));
                break;
        }
    }

    private static ReadOnlySpan<byte> AsBytes(Array array) => array switch
    {
        byte[] values => values,
        sbyte[] values => MemoryMarshal.AsBytes<sbyte>(values),
        ushort[] values => MemoryMarshal.AsBytes<ushort>(values),
        short[] values => MemoryMarshal.AsBytes<short>(values),
        uint[] values => MemoryMarshal.AsBytes<uint>(values),
        int[] values => MemoryMarshal.AsBytes<int>(values),
        float[] values => MemoryMarshal.AsBytes<float>(values),
        bool[] values => MemoryMarshal.AsBytes<bool>(values),
        ulong[] values => MemoryMarshal.AsBytes<ulong>(values),
        long[] values => MemoryMarshal.AsBytes<long>(values),
        _ => MemoryMarshal.AsBytes<double>((double[])array),
    };

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static int Padding(long length) => (int)(-length & (GgufFile.DefaultAlignment - 1));
}
