using System.Buffers.Binary;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// Streams a <c>.safetensors</c> file: the tensors are declared first, which fixes the header, then their bytes are
/// written one after another. The order of the file is <see cref="Tensors"/>: wider elements first, so that every tensor
/// is aligned, otherwise as declared.
/// </summary>
public sealed class SafetensorsWriter
{
    private const int HeaderAlignment = 64;
    private readonly Stream _stream;
    private readonly byte[] _header;
    private int _current = -1;
    private long _missing;

    /// <summary>Declares the tensors. Nothing is written yet.</summary>
    /// <param name="stream">Where the file goes; the caller closes it.</param>
    /// <param name="tensors">What will be written.</param>
    /// <param name="metadata">Free-form texts for <c>__metadata__</c>.</param>
    /// <exception cref="InvalidInputException">A format that the file cannot hold, or the same name twice.</exception>
    public SafetensorsWriter(Stream stream, IEnumerable<TensorDeclaration> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _stream = stream;
        Tensors = [.. tensors.OrderByDescending(tensor => tensor.Type.BlockBytes)];
        _header = Header(Tensors, metadata);
        FileBytes = _header.Length + Tensors.Sum(tensor => tensor.ByteLength);
    }

    /// <summary>The tensors in the order in which their bytes must be written.</summary>
    public IReadOnlyList<TensorDeclaration> Tensors { get; }

    /// <summary>Bytes of the complete file.</summary>
    public long FileBytes { get; }

    /// <summary>Writes the next bytes of the tensor that is due; may be called in pieces.</summary>
    /// <exception cref="InvalidOperationException">Another tensor is due, or the bytes are more than it declared.</exception>
    public void Write(TensorDeclaration tensor, ReadOnlySpan<byte> bytes)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (_current < 0)
        {
            _stream.Write(_header);
        }

        if (_current < 0 || Tensors[_current] != tensor)
        {
            Advance();
            if (_current >= Tensors.Count || Tensors[_current] != tensor)
            {
                throw new InvalidOperationException($"Tensor \"{tensor.Name}\" is not the one that is due.");
            }
        }

        if (bytes.Length > _missing)
        {
            throw new InvalidOperationException($"Tensor \"{tensor.Name}\" has {tensor.ByteLength} bytes; more were written.");
        }

        _stream.Write(bytes);
        _missing -= bytes.Length;
    }

    /// <summary>Checks that every declared byte was written.</summary>
    /// <exception cref="InvalidOperationException">A tensor is missing or incomplete.</exception>
    public void Complete()
    {
        if (_current < 0)
        {
            _stream.Write(_header);
        }

        // Empty tensors at the end have no bytes to wait for.
        do
        {
            Advance();
        }
        while (_current < Tensors.Count && _missing == 0);

        if (_current < Tensors.Count)
        {
            throw new InvalidOperationException($"Tensor \"{Tensors[_current].Name}\" was not written.");
        }
    }

    private void Advance()
    {
        if (_missing != 0)
        {
            throw new InvalidOperationException($"Tensor \"{Tensors[_current].Name}\" still needs {_missing} bytes.");
        }

        _current++;
        _missing = _current < Tensors.Count ? Tensors[_current].ByteLength : 0;
    }

    private static byte[] Header(IReadOnlyList<TensorDeclaration> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using MemoryStream buffer = new();
        buffer.Write(new byte[8]);
        using (Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            // Python loaders ask for this key.
            SortedDictionary<string, string> texts = new(StringComparer.Ordinal) { ["format"] = "pt" };
            foreach ((string key, string value) in metadata ?? new Dictionary<string, string>())
            {
                texts[key] = value;
            }

            foreach ((string key, string value) in texts)
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
            WriteTensors(json, tensors);
            json.WriteEndObject();
        }

        int padding = (int)(-buffer.Length & (HeaderAlignment - 1));
        buffer.Write(Encoding.ASCII.GetBytes(new string(' ', padding)));
        byte[] header = buffer.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - 8);
        return header;
    }

    private static void WriteTensors(Utf8JsonWriter json, IReadOnlyList<TensorDeclaration> tensors)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        long offset = 0;
        foreach (TensorDeclaration tensor in tensors)
        {
            if (!names.Add(tensor.Name))
            {
                throw new InvalidInputException($"tensor \"{tensor.Name}\" is declared twice");
            }

            json.WriteStartObject(tensor.Name);
            json.WriteString("dtype", SafetensorsFormats.NameOf(tensor.Type)
                ?? throw new InvalidInputException($"tensor \"{tensor.Name}\": safetensors files cannot hold {tensor.Type.Name}; known: {SafetensorsFormats.Known}"));
            json.WriteStartArray("shape");
            foreach (long size in tensor.Shape)
            {
                json.WriteNumberValue(size);
            }

            json.WriteEndArray();
            json.WriteStartArray("data_offsets");
            json.WriteNumberValue(offset);
            json.WriteNumberValue(offset += tensor.ByteLength);
            json.WriteEndArray();
            json.WriteEndObject();
        }
    }
}
