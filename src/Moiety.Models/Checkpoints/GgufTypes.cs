using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>The tensor types of GGUF files: ggml's numbers and the storage formats that Moiety has for them.</summary>
internal static class GgufTypes
{
    // Number, ggml's number for a file that is mostly of this type (general.file_type; of the mixtures S, M, L the one of a single
    // type), format.
    private static readonly (uint Number, uint FileType, StorageFormat Format)[] Supported =
    [
        (0, 0, StorageFormats.F32),
        (1, 1, StorageFormats.F16),
        (2, 2, StorageFormats.Q4_0),
        (3, 3, StorageFormats.Q4_1),
        (6, 8, StorageFormats.Q5_0),
        (7, 9, StorageFormats.Q5_1),
        (8, 7, StorageFormats.Q8_0),
        (10, 10, StorageFormats.Q2_K),
        (11, 11, StorageFormats.Q3_K),
        (12, 14, StorageFormats.Q4_K),
        (13, 16, StorageFormats.Q5_K),
        (14, 18, StorageFormats.Q6_K),
        (20, 25, StorageFormats.IQ4_NL),
        (23, 30, StorageFormats.IQ4_XS),
        (30, 32, StorageFormats.BF16),
        (39, 38, StorageFormats.MXFP4),
    ];

    // Named only to say what a refused file holds.
    private static readonly Dictionary<uint, string> Others = new()
    {
        [9] = "Q8_1",
        [15] = "Q8_K",
        [16] = "IQ2_XXS",
        [17] = "IQ2_XS",
        [18] = "IQ3_XXS",
        [19] = "IQ1_S",
        [21] = "IQ3_S",
        [22] = "IQ2_S",
        [24] = "I8",
        [25] = "I16",
        [26] = "I32",
        [27] = "I64",
        [28] = "F64",
        [29] = "IQ1_M",
        [34] = "TQ1_0",
        [35] = "TQ2_0",
        [40] = "NVFP4",
        [41] = "Q1_0",
        [42] = "Q2_0",
    };

    /// <summary>The names of the supported types, for messages.</summary>
    public static string Known => string.Join(", ", Supported.Select(type => type.Format.Name));

    /// <summary>The format of a number, or null when it is not supported.</summary>
    public static StorageFormat? Find(uint number) => Array.Find(Supported, type => type.Number == number).Format;

    /// <summary>What a number that is not supported means, for messages.</summary>
    public static string Describe(uint number) => Others.TryGetValue(number, out string? name) ? $"{name} ({number})" : $"{number}";

    /// <summary>Whether a GGUF file can hold the format.</summary>
    public static bool Holds(StorageFormat format) => Array.Exists(Supported, type => type.Format == format);

    /// <summary>The number of a format.</summary>
    /// <exception cref="InvalidInputException">GGUF files cannot hold it.</exception>
    public static uint NumberOf(StorageFormat format) => Of(format).Number;

    /// <summary>The value of <c>general.file_type</c> for a file that is mostly of this format.</summary>
    /// <exception cref="InvalidInputException">GGUF files cannot hold it.</exception>
    public static uint FileTypeOf(StorageFormat format) => Of(format).FileType;

    private static (uint Number, uint FileType, StorageFormat Format) Of(StorageFormat format) => Holds(format)
        ? Array.Find(Supported, type => type.Format == format)
        : throw new InvalidInputException($"a GGUF file cannot hold {format.Name}; known: {Known}.");
}
