using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// The up-projection of latent attention (DeepSeek-V2, arXiv 2405.04434) put together from the halves that newer GGUF files hold: for
/// each head the plain key rows, stored transposed in <c>attn_k_b</c> [heads, rank, key size], then the value rows, in <c>attn_v_b</c>
/// [heads, value size, rank]. Halves that are quantized, or in two formats, are decoded to F32.
/// </summary>
internal sealed unsafe class LatentUpTensor : FileTensor
{
    private const string KeySuffix = ".attn_k_b.weight";
    private const string ValueSuffix = ".attn_v_b.weight";
    private const string JoinedSuffix = ".attn_kv_b.weight";
    private readonly FileTensor _keys;
    private readonly FileTensor _values;
    private readonly int _heads;
    private readonly int _rank;
    private readonly int _keyRows;
    private readonly int _valueRows;

    private LatentUpTensor(FileTensor keys, FileTensor values, string name)
    {
        _keys = keys;
        _values = values;
        Name = name;
        if (keys.Shape.Length != 3 || values.Shape.Length != 3 || keys.Shape[0] != values.Shape[0] || keys.Shape[1] != values.Shape[2]
            || keys.Shape.Concat(values.Shape).Any(size => size > int.MaxValue))
        {
            throw new InvalidCheckpointException(keys.Path, $"tensor \"{keys.Name}\"",
                $"shape {TensorShape.Text(keys.Shape)} does not belong to {TensorShape.Text(values.Shape)} of \"{values.Name}\": [heads, rank, key size] and [heads, value size, rank] are expected");
        }

        (_heads, _rank, _keyRows) = ((int)keys.Shape[0], (int)keys.Shape[1], (int)keys.Shape[2]);
        _valueRows = (int)values.Shape[1];
        Shape = [(long)_heads * (_keyRows + _valueRows), _rank];
        Type = keys.Type == values.Type && keys.Format.BlockLength == 1 ? keys.Type : ElementType.Of(StorageFormats.F32);
    }

    /// <inheritdoc/>
    public override string Path => _keys.Path;

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override ElementType Type { get; }

    /// <inheritdoc/>
    public override ImmutableArray<long> Shape { get; }

    /// <summary>Puts halves together wherever a file has them.</summary>
    /// <param name="tensors">The tensors of the file by name; halves are replaced by the whole.</param>
    /// <exception cref="InvalidCheckpointException">Two halves do not fit each other.</exception>
    public static void Join(Dictionary<string, FileTensor> tensors)
    {
        foreach (string key in tensors.Keys.Where(name => name.EndsWith(KeySuffix, StringComparison.Ordinal)).ToArray())
        {
            string layer = key[..^KeySuffix.Length];
            if (tensors.TryGetValue(layer + ValueSuffix, out FileTensor? values) && !tensors.ContainsKey(layer + JoinedSuffix))
            {
                tensors.Add(layer + JoinedSuffix, new LatentUpTensor(tensors[key], values, layer + JoinedSuffix));
                tensors.Remove(key);
                tensors.Remove(layer + ValueSuffix);
            }
        }
    }

    /// <inheritdoc/>
    public override void Read(long offset, long bytes, byte* target)
    {
        long rowBytes = Format.RowBytes(_rank);
        int headRows = _keyRows + _valueRows;
        long first = offset / rowBytes;
        long last = first + (bytes / rowBytes);
        for (long head = first / headRows; head * headRows < last; head++)
        {
            using AlignedBuffer rows = ReadHead(head, rowBytes);
            long from = Math.Max(first, head * headRows);
            long to = Math.Min(last, (head + 1) * headRows);
            NativeMemory.Copy(rows.Pointer + ((from - (head * headRows)) * rowBytes), target + ((from - first) * rowBytes), (nuint)((to - from) * rowBytes));
        }
    }

    private AlignedBuffer ReadHead(long head, long rowBytes)
    {
        AlignedBuffer rows = new((_keyRows + _valueRows) * rowBytes);
        try
        {
            using AlignedBuffer keys = ReadDecoded(_keys, head, _rank, _keyRows);
            int element = Format.BlockBytes;
            for (int column = 0; column < _rank; column++)
            {
                byte* source = keys.Pointer + ((long)column * _keyRows * element);
                for (int row = 0; row < _keyRows; row++)
                {
                    NativeMemory.Copy(source + ((long)row * element), rows.Pointer + (row * rowBytes) + ((long)column * element), (nuint)element);
                }
            }

            using AlignedBuffer values = ReadDecoded(_values, head, _valueRows, _rank);
            NativeMemory.Copy(values.Pointer, rows.Pointer + (_keyRows * rowBytes), (nuint)(_valueRows * rowBytes));
            return rows;
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    // One head of a half in the format of the whole.
    private AlignedBuffer ReadDecoded(FileTensor half, long head, int rows, int columns)
    {
        StorageFormat stored = half.Format;
        long bytes = stored.RowBytes(columns) * rows;
        AlignedBuffer raw = new(bytes);
        half.Read(head * bytes, bytes, raw.Pointer);
        if (stored == Format)
        {
            return raw;
        }

        using (raw)
        {
            AlignedBuffer decoded = new((long)rows * columns * sizeof(float));
            stored.Dequantize(raw.Span<byte>(0, checked((int)bytes)), decoded.Span<float>(0, checked(rows * columns)));
            return decoded;
        }
    }
}
