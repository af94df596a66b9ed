namespace Moiety.Models.Checkpoints;

/// <summary>One value of GGUF metadata.</summary>
public sealed class GgufValue
{
    private GgufValue(GgufValueType type, object content, GgufValueType? elementType = null)
    {
        Type = type;
        Content = content;
        ElementType = elementType;
    }

    /// <summary>Its type.</summary>
    public GgufValueType Type { get; }

    /// <summary>Type of the elements of an array.</summary>
    public GgufValueType? ElementType { get; }

    /// <summary>
    /// The value as .NET has it: <c>byte</c> … <c>double</c>, <c>bool</c>, <c>string</c>; an array of one of these; or an
    /// array of <see cref="GgufValue"/> for an array of arrays.
    /// </summary>
    public object Content { get; }

    /// <summary>A value of 32 bits, unsigned: what GGUF writers use for sizes.</summary>
    public static GgufValue Of(uint value) => new(GgufValueType.UInt32, value);

    /// <summary>A value of 16 bits, unsigned.</summary>
    public static GgufValue Of(ushort value) => new(GgufValueType.UInt16, value);

    /// <summary>A value of 32 bits, signed.</summary>
    public static GgufValue Of(int value) => new(GgufValueType.Int32, value);

    /// <summary>A size; must not be negative.</summary>
    public static GgufValue OfSize(int value) => Of(checked((uint)value));

    /// <summary>A single-precision number.</summary>
    public static GgufValue Of(float value) => new(GgufValueType.Float32, value);

    /// <summary>True or false.</summary>
    public static GgufValue Of(bool value) => new(GgufValueType.Boolean, value);

    /// <summary>A text.</summary>
    public static GgufValue Of(string value) => new(GgufValueType.Text, value);

    /// <summary>An array of texts.</summary>
    public static GgufValue Of(string[] values) => new(GgufValueType.Array, values, GgufValueType.Text);

    /// <summary>An array of integers.</summary>
    public static GgufValue Of(int[] values) => new(GgufValueType.Array, values, GgufValueType.Int32);

    /// <summary>An array of numbers.</summary>
    public static GgufValue Of(float[] values) => new(GgufValueType.Array, values, GgufValueType.Float32);

    /// <summary>An array of true and false.</summary>
    public static GgufValue Of(bool[] values) => new(GgufValueType.Array, values, GgufValueType.Boolean);

    /// <summary>An array of bytes.</summary>
    public static GgufValue Of(byte[] values) => new(GgufValueType.Array, values, GgufValueType.UInt8);

    /// <summary>A value as it was read.</summary>
    internal static GgufValue Read(GgufValueType type, object content, GgufValueType? elementType = null) => new(type, content, elementType);
}
