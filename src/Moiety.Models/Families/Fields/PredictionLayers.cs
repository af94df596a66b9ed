using System.Globalization;
using Moiety.Models.Configuration;

namespace Moiety.Models.Families.Fields;

/// <summary>
/// Layers after the last one, which predict the token after the next (multi-token prediction, arXiv 2412.19437). They take part in training and
/// in drafting; the decoder's logits do not depend on them.
/// </summary>
internal static class PredictionLayers
{
    /// <summary>Says that there are such layers, if there are.</summary>
    public static IReadOnlyList<string> Warn(IEnumerable<string> fileNames, ModelConfig config) => Warn(fileNames.Count(name => Owns(name, config)));

    /// <summary>Says that tensors of such layers are left out, if any are.</summary>
    public static IReadOnlyList<string> Warn(int tensors) =>
        tensors > 0 ? [$"{tensors} tensors of layers that predict further tokens are left out; the text does not depend on them"] : [];

    /// <summary>Whether a tensor belongs to such a layer.</summary>
    public static bool Owns(string fileName, ModelConfig config)
    {
        foreach (string prefix in (ReadOnlySpan<string>)["model.layers.", "blk."])
        {
            if (fileName.StartsWith(prefix, StringComparison.Ordinal))
            {
                ReadOnlySpan<char> number = fileName.AsSpan(prefix.Length);
                int end = number.IndexOf('.');
                return end > 0 && int.TryParse(number[..end], NumberStyles.None, CultureInfo.InvariantCulture, out int layer) && layer >= config.LayerCount;
            }
        }

        return false;
    }
}
