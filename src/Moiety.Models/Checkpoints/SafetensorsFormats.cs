using System.Collections.Frozen;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>The element types of safetensors files that Moiety computes with, by the name that the header uses.</summary>
internal static class SafetensorsFormats
{
    private static readonly FrozenDictionary<string, StorageFormat> ByName = new Dictionary<string, StorageFormat>
    {
        ["F32"] = StorageFormats.F32,
        ["F16"] = StorageFormats.F16,
        ["BF16"] = StorageFormats.BF16,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The names, for messages.</summary>
    public static string Known => string.Join(", ", ByName.Keys.Order(StringComparer.Ordinal));

    /// <summary>The format of a name, or null when it is unknown.</summary>
    public static StorageFormat? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>The name of a format, or null when safetensors files cannot hold it.</summary>
    public static string? NameOf(StorageFormat format) => ByName.FirstOrDefault(pair => pair.Value == format).Key;
}
