using Moiety.Inference.KeyValues;
using Moiety.Models.Configuration;
using Moiety.Models.Quantization;

namespace Moiety.Cli.Displays;

/// <summary>What the key-value cache takes.</summary>
internal static class KeyValueMemory
{
    // Elements that share a scale in Q8_0.
    private const int Block = 32;

    /// <summary>The formats that a model's heads fit.</summary>
    public static IEnumerable<KeyValueFormat> FormatsFor(ModelConfig config) =>
        Enum.GetValues<KeyValueFormat>().Where(format => format != KeyValueFormat.Q8_0 || (config.Attention.Latent is { } latent
            ? latent.KeyValueRank % Block == 0 && latent.RotaryHeadSize % Block == 0
            : config.HeadSize % Block == 0));

    /// <summary>Context lengths worth showing: powers of four up to the model's own, and the one that was asked for.</summary>
    public static int[] Lengths(ModelConfig config, int? wanted)
    {
        SortedSet<int> lengths = [config.ContextLength];
        for (long length = 512; length < config.ContextLength; length *= 4)
        {
            lengths.Add((int)length);
        }

        if (wanted is { } tokens)
        {
            lengths.Add(tokens);
        }

        return [.. lengths];
    }

    /// <summary>Bytes that one token leaves in the cache.</summary>
    public static double BytesPerToken(ModelSummary summary, KeyValueFormat format) => summary.KeyValueBytesPerToken * format switch
    {
        KeyValueFormat.F32 => 2,
        KeyValueFormat.F16 => 1,

        // 34 bytes for 32 elements, instead of 64.
        _ => 34.0 / 64,
    };
}
