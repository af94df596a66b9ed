namespace Moiety.Training.Modules;

/// <summary>The type of the matrix products. Parameters, norms, router, softmax, loss and optimizer are F32 in any case.</summary>
public enum ComputePrecision
{
    /// <summary>32-bit products.</summary>
    F32,

    /// <summary>bfloat16 inputs with F32 accumulation: several times faster on processors with AVX512_BF16 or AMX.</summary>
    BF16,
}
