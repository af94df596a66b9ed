using System.Collections.Immutable;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Models.Families.Fields;

/// <summary>Head sizes and windows in GGUF metadata.</summary>
internal static class GgufAttention
{
    private const string Window = "attention.sliding_window";
    private const string Pattern = "attention.sliding_window_pattern";

    /// <summary>Width of a head, the same for keys and values.</summary>
    public static int ReadHeadSize(GgufFields fields, int hidden, int heads)
    {
        int headSize = fields.Int32("attention.key_length") ?? (heads > 0 && hidden % heads == 0
            ? hidden / heads
            : throw fields.Error("attention.head_count", $"{heads} does not divide the embedding length {hidden}, and there is no key length"));
        return fields.Int32("attention.value_length") is { } values && values != headSize
            ? throw fields.Error("attention.value_length", $"{values} is not supported; the key length {headSize} is expected")
            : headSize;
    }

    /// <summary>Reads the windows of the layers.</summary>
    /// <param name="config">The model.</param>
    /// <param name="fields">The keys.</param>
    /// <param name="period">All but every n-th layer slide when the file does not say; 0 for all.</param>
    /// <param name="window">The window when the file does not say.</param>
    public static ModelConfig ReadWindows(ModelConfig config, GgufFields fields, int period, int window)
    {
        ImmutableArray<bool> pattern = fields.Pattern(Pattern, config.LayerCount, every => LayerPatterns.Sliding(every, config.LayerCount))
            ?? LayerPatterns.Sliding(period, config.LayerCount);
        return LayerPatterns.WithWindows(config, fields.Int32(Window) ?? window, pattern);
    }

    /// <summary>Writes the windows of the layers, if any has one.</summary>
    public static void WriteWindows(ModelConfig config, int period, Action<string, GgufValue> set)
    {
        int[] windows = [.. Enumerable.Range(0, config.LayerCount).Select(layer => config.AttentionOf(layer).Window)];
        if (windows.Max() == 0)
        {
            return;
        }

        set(Window, GgufValue.OfSize(windows.Max()));
        ImmutableArray<bool> pattern = [.. windows.Select(window => window > 0)];
        if (!pattern.AsSpan().SequenceEqual(LayerPatterns.Sliding(period, config.LayerCount).AsSpan()))
        {
            set(Pattern, LayerPatterns.PeriodOf(pattern) is { } every ? GgufValue.OfSize(every) : GgufValue.Of([.. pattern]));
        }
    }
}
