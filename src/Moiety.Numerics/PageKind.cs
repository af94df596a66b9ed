namespace Moiety.Numerics;

/// <summary>Kind of memory pages that a buffer asks for.</summary>
public enum PageKind
{
    /// <summary>The operating system's usual pages.</summary>
    Normal,

    /// <summary>Pages of 2 MiB where the operating system grants them: fewer address translations in large matrices.</summary>
    Huge,
}
