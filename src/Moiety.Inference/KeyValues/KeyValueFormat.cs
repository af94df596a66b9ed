namespace Moiety.Inference.KeyValues;

/// <summary>How the key-value cache stores its rows.</summary>
public enum KeyValueFormat
{
    /// <summary>4 bytes per element: exact.</summary>
    F32,

    /// <summary>2 bytes per element.</summary>
    F16,

    /// <summary>34 bytes per 32 elements.</summary>
    Q8_0,
}
