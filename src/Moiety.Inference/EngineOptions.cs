using Moiety.Inference.KeyValues;
using Moiety.Models.Adapters;
using Moiety.Numerics.Products;

namespace Moiety.Inference;

/// <summary>How an <see cref="Engine"/> uses the machine. None of these changes what the model says, but for the context length of models with two sets of rotary frequencies.</summary>
public sealed record EngineOptions
{
    /// <summary>Threads that compute, the caller's included; 0 takes one per processor. Results do not depend on it.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// How keys and values are stored. <see cref="KeyValueFormat.Q8_0"/> needs heads of a multiple of 32 elements, or in latent attention
    /// such a rank and rotary part.
    /// </summary>
    public KeyValueFormat KeyValueFormat { get; init; } = KeyValueFormat.F16;

    /// <summary>
    /// How products with quantized weights read activations: rounded to 8 bits, or exactly, which is several times slower.
    /// </summary>
    public ActivationPrecision ActivationPrecision { get; init; } = ActivationPrecision.Rounded;

    /// <summary>Tokens of one key-value page: a power of two from 8 to 64. Results do not depend on it.</summary>
    public int PageSize { get; init; } = 64;

    /// <summary>
    /// Most bytes that all key-value pages together may take, or null for half of the memory that the process may use.
    /// Pages are allocated when they are first needed.
    /// </summary>
    public long? KeyValueMemory { get; init; }

    /// <summary>
    /// Longest sequence in tokens, or null for the model's own context length. May exceed it (quality then falls). Models with LongRoPE
    /// (Phi-3) use their long frequencies when it is beyond the context that they were first trained for: choose no more than you need.
    /// </summary>
    public int? ContextLength { get; init; }

    /// <summary>The adapter of all slices whose plan names none, or null.</summary>
    public LoraAdapter? Adapter { get; init; }

    /// <summary>Is told the input of every product with a matrix of attention, feed-forward or head; null, and free, in everyday use.</summary>
    public ProductInputObserver? ProductInputs { get; init; }

    /// <summary>Whether to look through all weights for NaN and infinity when the model is opened.</summary>
    public bool VerifyWeights { get; init; }
}
