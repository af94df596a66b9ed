using System.Runtime.InteropServices;

namespace Moiety.LlamaCpp;

/// <summary><c>llama_batch</c>: tokens, their positions and sequences, and whether each wants logits.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct LlamaCppBatch
{
    public int TokenCount;
    public int* Tokens;
    public float* Embeddings;
    public int* Positions;
    public int* SequenceCounts;
    public int** SequenceIds;
    public sbyte* WantsLogits;
}
