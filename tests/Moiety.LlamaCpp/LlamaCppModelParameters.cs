using System.Runtime.InteropServices;

namespace Moiety.LlamaCpp;

/// <summary><c>llama_model_params</c> of llama.cpp v0.5.0: 80 bytes on 64-bit systems.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct LlamaCppModelParameters
{
    public nint Devices;
    public nint TensorBufferOverrides;
    public int GpuLayers;
    public int SplitMode;
    public int LoadMode;
    public int LazyMode;
    public int MainGpu;
    public nint TensorSplit;
    public nint ProgressCallback;
    public nint ProgressCallbackUserData;
    public nint KeyValueOverrides;
    public byte VocabularyOnly;
    public byte CheckTensors;
    public byte UseExtraBuffers;
    public byte NoHost;
    public byte NoAllocation;
    public byte LoadMtp;
}
