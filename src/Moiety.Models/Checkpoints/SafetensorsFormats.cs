using System.Collections.Frozen;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>The element types of safetensors files, by the name that the header uses.</summary>
internal static class SafetensorsFormats
{
    private static readonly FrozenDictionary<string, ElementType> ByName = new ElementType[]
    {
        ElementType.Of(StorageFormats.F32),
        ElementType.Of(StorageFormats.F16),
        ElementType.Of(StorageFormats.BF16),
        ElementType.Opaque("F64", 8),
        ElementType.Opaque("F8_E4M3", 1),
        ElementType.Opaque("F8_E5M2", 1),
        ElementType.Opaque("F8_E8M0", 1),
        ElementType.Opaque("I64", 8),
        ElementType.Opaque("U64", 8),
        ElementType.Opaque("I32", 4),
        ElementType.Opaque("U32", 4),
        ElementType.Opaque("I16", 2),
        ElementType.Opaque("U16", 2),
        ElementType.Opaque("I8", 1),
        ElementType.Opaque("U8", 1),
        ElementType.Opaque("BOOL", 1),
    }.ToFrozenDictionary(type => type.Name, StringComparer.Ordinal);

    /// <summary>The names, for messages.</summary>
    public static string Known => string.Join(", ", ByName.Keys.Order(StringComparer.Ordinal));

    /// <summary>The names of those that Moiety computes with, for messages.</summary>
    public static string Computed => string.Join(", ", ByName.Values.Where(type => type.Format is not null).Select(type => type.Name).Order(StringComparer.Ordinal));

    /// <summary>The type of a name, or null when it is unknown.</summary>
    public static ElementType? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>The name of a type, or null when safetensors files cannot hold it.</summary>
    public static string? NameOf(ElementType type) => ByName.Values.FirstOrDefault(known => known == type)?.Name;

    /// <summary>The name of a format, or null when safetensors files cannot hold it.</summary>
    public static string? NameOf(StorageFormat format) => ByName.Values.FirstOrDefault(type => type.Format == format)?.Name;
}
