using System.Runtime.InteropServices;

namespace Moiety.LlamaCpp;

/// <summary><c>llama_model_quantize_params</c> of llama.cpp v0.5.0: 64 bytes on 64-bit systems.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct LlamaCppQuantizeParameters
{
    public int Threads;
    public int FileType;
    public int OutputTensorType;
    public int EmbeddingTensorType;
    public byte AllowRequantize;
    public byte QuantizeOutputTensor;
    public byte OnlyCopy;
    public byte Pure;
    public byte KeepSplit;
    public byte DryRun;
    public nint ImportanceMatrix;
    public nint KeyValueOverrides;
    public nint TensorTypes;
    public nint PrunedLayers;
    private readonly ulong _further;
}
