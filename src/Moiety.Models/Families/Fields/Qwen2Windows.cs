using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Configuration;

namespace Moiety.Models.Families.Fields;

/// <summary>
/// Qwen's windows: <c>sliding_window</c> counts only where <c>use_sliding_window</c> is true, and then in layers from
/// <c>max_window_layers</c> on. Newer files list <c>layer_types</c>.
/// </summary>
internal static class Qwen2Windows
{
    /// <summary>Reads the windows.</summary>
    public static ModelConfig Read(ModelConfig config, ConfigFields fields)
    {
        int window = fields.Int32("sliding_window") ?? 4096;
        int first = fields.Int32("max_window_layers") ?? 28;
        ImmutableArray<string>? types = fields.TextPerItem("layer_types", config.LayerCount);
        if (types?.FirstOrDefault(type => type is not ("full_attention" or "sliding_attention")) is { } unknown)
        {
            throw fields.Error("layer_types", $"\"{unknown}\" is not supported; known: full_attention, sliding_attention");
        }

        if (fields.Boolean("use_sliding_window") is not true)
        {
            return types?.Contains("sliding_attention") is true
                ? throw fields.Error("layer_types", "\"sliding_attention\", but use_sliding_window is not true")
                : config;
        }

        return LayerPatterns.WithWindows(config, window, types is { } list
            ? [.. list.Select(type => type == "sliding_attention")]
            : [.. Enumerable.Range(0, config.LayerCount).Select(layer => layer >= first)]);
    }

    /// <summary>Writes what <see cref="Read"/> reads.</summary>
    public static void Write(ModelConfig config, JsonObject json)
    {
        int[] windows = [.. Enumerable.Range(0, config.LayerCount).Select(layer => config.AttentionOf(layer).Window)];
        int window = windows.Max();
        json["use_sliding_window"] = window > 0;
        if (window > 0)
        {
            json["sliding_window"] = window;
            json["max_window_layers"] = windows.TakeWhile(width => width == 0).Count();
            json["layer_types"] = new JsonArray([.. windows.Select(width => JsonValue.Create(width > 0 ? "sliding_attention" : "full_attention"))]);
        }
    }
}
