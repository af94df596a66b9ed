using System.Runtime.InteropServices;

namespace Moiety.LlamaCpp;

/// <summary>One of ggml's tensor types: its own reference functions that encode and decode rows.</summary>
public sealed unsafe class GgmlFormat
{
    private readonly uint _type;
    private readonly delegate* unmanaged[Cdecl]<byte*, float*, long, void> _toFloat;
    private readonly delegate* unmanaged[Cdecl]<uint, float*, byte*, long, long, long, float*, nuint> _quantize;

    /// <summary>Finds a type by its number.</summary>
    /// <param name="library">The loaded llama.cpp.</param>
    /// <param name="type">ggml's number, as in GGUF files.</param>
    public GgmlFormat(LlamaCppLibrary library, uint type)
    {
        ArgumentNullException.ThrowIfNull(library);
        nint ggml = NativeLibrary.Load(Path.Combine(library.Folder, "libggml-base.so"));
        Traits* traits = ((delegate* unmanaged[Cdecl]<uint, Traits*>)NativeLibrary.GetExport(ggml, "ggml_get_type_traits"))(type);
        _type = type;
        _toFloat = traits->ToFloat;
        _quantize = (delegate* unmanaged[Cdecl]<uint, float*, byte*, long, long, long, float*, nuint>)NativeLibrary.GetExport(ggml, "ggml_quantize_chunk");
        Name = Marshal.PtrToStringUTF8(traits->Name) ?? "";
        BlockLength = (int)traits->BlockLength;
        BlockBytes = (int)traits->BlockBytes;
    }

    /// <summary>ggml's name.</summary>
    public string Name { get; }

    /// <summary>Elements of a block.</summary>
    public int BlockLength { get; }

    /// <summary>Bytes of a block.</summary>
    public int BlockBytes { get; }

    /// <summary>Decodes whole blocks.</summary>
    public float[] Dequantize(ReadOnlySpan<byte> blocks)
    {
        float[] values = new float[blocks.Length / BlockBytes * BlockLength];
        fixed (byte* source = blocks)
        fixed (float* target = values)
        {
            _toFloat(source, target, values.Length);
        }

        return values;
    }

    /// <summary>Encodes rows, with an importance for every column or none.</summary>
    public byte[] Quantize(ReadOnlySpan<float> values, int columns, ReadOnlySpan<float> importance)
    {
        byte[] blocks = new byte[values.Length / BlockLength * BlockBytes];
        fixed (float* source = values, weights = importance)
        fixed (byte* target = blocks)
        {
            _quantize(_type, source, target, 0, values.Length / columns, columns, weights);
        }

        return blocks;
    }

    /// <summary><c>ggml_type_traits</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Traits
    {
        public nint Name;
        public long BlockLength;
        public long BlockLengthInterleaved;
        public nuint BlockBytes;
        public byte IsQuantized;
        public delegate* unmanaged[Cdecl]<byte*, float*, long, void> ToFloat;
        public delegate* unmanaged[Cdecl]<float*, byte*, long, void> FromFloat;
    }
}
