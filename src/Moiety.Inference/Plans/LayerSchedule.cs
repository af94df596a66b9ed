using System.Collections.Immutable;

namespace Moiety.Inference.Plans;

/// <summary>Which layers run, for all tokens of a slice alike or for each token.</summary>
public sealed class LayerSchedule
{
    private readonly ImmutableArray<LayerMode> _modes;

    private LayerSchedule(ImmutableArray<LayerMode> modes, int layerCount)
    {
        _modes = modes;
        LayerCount = layerCount;
    }

    /// <summary>Layers that the schedule covers: must be the model's.</summary>
    public int LayerCount { get; }

    /// <summary>Tokens that the schedule covers, or null when it is the same for every token.</summary>
    public int? TokenCount => _modes.Length == LayerCount ? null : _modes.Length / LayerCount;

    /// <summary>The same for every token.</summary>
    /// <param name="modes">One entry per layer.</param>
    public static LayerSchedule Uniform(params ReadOnlySpan<LayerMode> modes)
    {
        if (modes.IsEmpty)
        {
            throw new ArgumentException("A schedule needs one mode per layer.", nameof(modes));
        }

        return new LayerSchedule([.. modes], modes.Length);
    }

    /// <summary>A mode for each token and layer.</summary>
    /// <param name="layerCount">Layers of the model.</param>
    /// <param name="modes">Row-major [token, layer].</param>
    public static LayerSchedule PerToken(int layerCount, ReadOnlySpan<LayerMode> modes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(layerCount);
        if (modes.IsEmpty || modes.Length % layerCount != 0)
        {
            throw new ArgumentException($"{modes.Length} modes are not a whole number of tokens of {layerCount} layers.", nameof(modes));
        }

        return new LayerSchedule([.. modes], layerCount);
    }

    /// <summary>What a layer does with a token of the slice.</summary>
    public LayerMode this[int token, int layer] => _modes.Length == LayerCount ? _modes[layer] : _modes[token * LayerCount + layer];
}
