namespace Moiety.Models.Families.Fields;

/// <summary>Arithmetic on sizes from files, before they are checked: what overflows becomes the largest number, which every check refuses.</summary>
internal static class SaturatedSize
{
    /// <summary>a + b.</summary>
    public static int Sum(int a, int b) => Clamp((long)a + b);

    /// <summary>a * b.</summary>
    public static int Product(int a, int b) => Clamp((long)a * b);

    private static int Clamp(long size) => (int)Math.Clamp(size, int.MinValue, int.MaxValue);
}
