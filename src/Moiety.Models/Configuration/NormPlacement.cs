namespace Moiety.Models.Configuration;

/// <summary>Where a layer's norms stand. Below, f is attention, then the feed-forward.</summary>
public enum NormPlacement
{
    /// <summary>x += f(norm(x)): Llama, GPT-2 and most others.</summary>
    Pre,

    /// <summary>x = norm(x + f(x)): BERT, OPT-350M.</summary>
    Post,

    /// <summary>x += norm(f(x)): OLMo 2.</summary>
    Output,

    /// <summary>x += norm2(f(norm1(x))): Gemma 2 and 3, GLM-4.</summary>
    Sandwich,

    /// <summary>x += attention(n) + feedForward(n) with one n = norm(x): GPT-J, Phi-2, Falcon 7B, Command-R.</summary>
    Parallel,

    /// <summary>x += attention(norm1(x)) + feedForward(norm2(x)): GPT-NeoX, Falcon 40B.</summary>
    ParallelTwoNorms,
}
