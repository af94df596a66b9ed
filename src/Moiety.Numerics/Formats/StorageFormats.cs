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

    /// <summary>Bytes with four bits of exponent and three of fraction; read only.</summary>
    public static StorageFormat F8_E4M3 { get; } = new F8_E4M3();

    /// <summary>Blocks of 32 nibbles with half-precision scale and minimum (5 bits per element).</summary>
    public static StorageFormat Q4_1 { get; } = new Q4_1();

    /// <summary>Blocks of 32 integers of 5 bits with one half-precision scale (5.5 bits per element).</summary>
    public static StorageFormat Q5_0 { get; } = new Q5_0();

    /// <summary>Blocks of 32 integers of 5 bits with half-precision scale and minimum (6 bits per element).</summary>
    public static StorageFormat Q5_1 { get; } = new Q5_1();

    /// <summary>Super-blocks of 256 integers of 2 bits, scales and minimums for sixteen each (2.625 bits per element).</summary>
    public static StorageFormat Q2_K { get; } = new Q2_K();

    /// <summary>Super-blocks of 256 integers of 3 bits, scales for sixteen each (3.4375 bits per element).</summary>
    public static StorageFormat Q3_K { get; } = new Q3_K();

    /// <summary>Super-blocks of 256 nibbles, scales and minimums for 32 each (4.5 bits per element).</summary>
    public static StorageFormat Q4_K { get; } = new Q4_K();

    /// <summary>Super-blocks of 256 integers of 5 bits, scales and minimums for 32 each (5.5 bits per element).</summary>
    public static StorageFormat Q5_K { get; } = new Q5_K();

    /// <summary>Super-blocks of 256 integers of 6 bits, scales for sixteen each (6.5625 bits per element).</summary>
    public static StorageFormat Q6_K { get; } = new Q6_K();

    /// <summary>Blocks of 32 indices into sixteen unevenly spaced values with one half-precision scale (4.5 bits per element).</summary>
    public static StorageFormat IQ4_NL { get; } = new IQ4_NL();

    /// <summary>Super-blocks of 256 such indices, scales for 32 each (4.25 bits per element).</summary>
    public static StorageFormat IQ4_XS { get; } = new IQ4_XS();

    /// <summary>Blocks of 32 floats of 4 bits with one power of two (4.25 bits per element).</summary>
    public static StorageFormat MXFP4 { get; } = new MXFP4();

    /// <summary>Every format, most bits per element first.</summary>
    public static IReadOnlyList<StorageFormat> All { get; } =
        [F32, F16, BF16, Q8_0, F8_E4M3, Q6_K, Q5_1, Q5_K, Q5_0, Q4_1, Q4_K, IQ4_NL, Q4_0, IQ4_XS, MXFP4, Q3_K, Q2_K];

    /// <summary>The formats that values can be encoded in.</summary>
    public static IReadOnlyList<StorageFormat> Writable { get; } = [.. All.Where(format => format.CanQuantize)];

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
