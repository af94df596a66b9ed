using System.Runtime.InteropServices;

namespace Moiety.LlamaCpp;

/// <summary><c>llama_context_params</c> of llama.cpp v0.5.0: 160 bytes on 64-bit systems.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct LlamaCppContextParameters
{
    public uint ContextLength;
    public uint BatchSize;
    public uint MicroBatchSize;
    public uint MaxSequences;
    public uint RecurrentSnapshots;
    public uint MaxOutputs;
    public uint MaxOutputsPerSequence;
    public int Threads;
    public int BatchThreads;
    public int ContextType;
    public int RopeScalingType;
    public int PoolingType;
    public int AttentionType;
    public int FlashAttentionType;
    public float RopeFrequencyBase;
    public float RopeFrequencyScale;
    public float YarnExtensionFactor;
    public float YarnAttentionFactor;
    public float YarnBetaFast;
    public float YarnBetaSlow;
    public uint YarnOriginalContext;
    public float DefragmentThreshold;
    public nint EvaluationCallback;
    public nint EvaluationCallbackUserData;
    public int KeyType;
    public int ValueType;
    public nint AbortCallback;
    public nint AbortCallbackData;
    public byte Embeddings;
    public byte OffloadKqv;
    public byte NoPerformanceTimers;
    public byte OffloadOperations;
    public byte FullSlidingWindow;
    public byte UnifiedKeyValueCache;
    public nint Samplers;
    public nuint SamplerCount;
    public nint OtherContext;
}
