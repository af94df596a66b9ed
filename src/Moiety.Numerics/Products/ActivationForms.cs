namespace Moiety.Numerics.Products;

/// <summary>The forms in which a product reads its activations; they depend on the format of the weights.</summary>
[Flags]
public enum ActivationForms
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Singles, read where they are.</summary>
    Single = 1,

    /// <summary>Blocks of 32 signed bytes with one scale, rounded to half precision as in ggml's Q8_0.</summary>
    Quantized8 = 2,
}
