namespace Moiety.Models.Configuration;

/// <summary>The non-linearity of an encoder's classification head or convolution.</summary>
public enum EncoderActivation
{
    /// <summary>tanh: BERT, RoBERTa, MPNet.</summary>
    Tanh,

    /// <summary>The exact GELU: DeBERTa.</summary>
    Gelu,

    /// <summary>max(x, 0): DistilBERT.</summary>
    Relu,
}
