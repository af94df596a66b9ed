namespace Moiety.Models.Configuration;

/// <summary>The non-linearity of a classification head.</summary>
public enum ClassifierActivation
{
    /// <summary>tanh: BERT, RoBERTa, MPNet.</summary>
    Tanh,

    /// <summary>The exact GELU: DeBERTa.</summary>
    Gelu,
}
