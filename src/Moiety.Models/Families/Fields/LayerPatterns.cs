using System.Collections.Immutable;
using Moiety.Models.Configuration;

namespace Moiety.Models.Families.Fields;

/// <summary>Layers that take turns: windows, and layers without rotary positions.</summary>
internal static class LayerPatterns
{
    /// <summary>Which layers slide: all but every <paramref name="period"/>-th, or all when it is 0.</summary>
    public static ImmutableArray<bool> Sliding(int period, int layers) =>
        [.. Enumerable.Range(0, layers).Select(layer => period <= 0 || layer % period < period - 1)];

    /// <summary>The period of a pattern as <see cref="Sliding"/> makes it, or null when it has none.</summary>
    public static int? PeriodOf(ImmutableArray<bool> sliding)
    {
        for (int period = 0; period <= sliding.Length; period++)
        {
            if (Sliding(period, sliding.Length).AsSpan().SequenceEqual(sliding.AsSpan()))
            {
                return period;
            }
        }

        return null;
    }

    /// <summary>The model with a window in some layers; unchanged when the window is 0.</summary>
    public static ModelConfig WithWindows(ModelConfig config, int window, ImmutableArray<bool> sliding) => window <= 0
        ? config
        : WithLayers(config, (layer, attention) => attention with { Window = sliding[layer] ? window : 0 });

    /// <summary>The model with other windows or positions in its layers. Where all are as the model's own, the list stays empty.</summary>
    public static ModelConfig WithLayers(ModelConfig config, Func<int, LayerAttention, LayerAttention> change)
    {
        ImmutableArray<LayerAttention> layers = [.. Enumerable.Range(0, config.LayerCount).Select(layer => change(layer, config.AttentionOf(layer)))];
        LayerAttention plain = new(0, config.Rotary);
        return config with { LayerAttentions = layers.All(layer => layer == plain) ? [] : layers };
    }
}
