using Moiety.Inference.KeyValues;
using Moiety.Models.Quantization;

namespace Moiety.Cli.Displays;

/// <summary>What the key-value cache takes.</summary>
internal static class KeyValueMemory
{
    /// <summary>Bytes that one token leaves in the cache.</summary>
    public static double BytesPerToken(ModelSummary summary, KeyValueFormat format) => summary.KeyValueBytesPerToken * format switch
    {
        KeyValueFormat.F32 => 2,
        KeyValueFormat.F16 => 1,

        // 34 bytes for 32 elements, instead of 64.
        _ => 34.0 / 64,
    };
}
