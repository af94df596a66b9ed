namespace Moiety.Numerics.Formats;

/// <summary>
/// All storage formats. A new format is one file in this folder and one line here; help texts, checkpoints and tests read
/// <see cref="All"/>.
/// </summary>
public static class StorageFormats
{
    /// <summary>IEEE 754 single precision.</summary>
    public static StorageFormat F32 { get; } = new F32();

    /// <summary>IEEE 754 half precision.</summary>
    public static StorageFormat F16 { get; } = new F16();

    /// <summary>The upper half of a single: 8 bits of exponent, 7 of fraction.</summary>
    public static StorageFormat BF16 { get; } = new BF16();

    /// <summary>Blocks of 32 signed bytes with one half-precision scale (8.5 bits per element).</summary>
    public static StorageFormat Q8_0 { get; } = new Q8_0();

    /// <summary>Blocks of 32 nibbles with one half-precision scale (4.5 bits per element).</summary>
    public static StorageFormat Q4_0 { get; } = new Q4_0();

    /// <summary>Every format, most precise first.</summary>
    public static IReadOnlyList<StorageFormat> All { get; } = [F32, F16, BF16, Q8_0, Q4_0];

    /// <summary>Finds a format by its name, upper or lower case.</summary>
    /// <exception cref="ArgumentException">There is no such format; the message lists those there are.</exception>
    public static StorageFormat ByName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        foreach (StorageFormat format in All)
        {
            if (string.Equals(format.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                return format;
            }
        }
        throw new ArgumentException(
            $"There is no storage format \"{name}\"; known: {string.Join(", ", All.Select(format => format.Name))}.", nameof(name));
    }
}
