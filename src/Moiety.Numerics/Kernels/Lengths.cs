namespace Moiety.Numerics.Kernels;

/// <summary>Checks of span lengths with the lengths in the message.</summary>
internal static class Lengths
{
    /// <summary>Throws unless two lengths are equal.</summary>
    public static void CheckEqual(string operation, string firstName, int first, string secondName, int second)
    {
        if (first != second)
        {
            throw new ArgumentException($"{operation}: {firstName} has {first} elements, {secondName} {second}; they must be equal.");
        }
    }
}
