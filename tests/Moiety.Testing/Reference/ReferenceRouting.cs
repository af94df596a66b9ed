namespace Moiety.Testing;

/// <summary>How the router of one layer sent one token; all empty in dense layers and where skipped.</summary>
/// <param name="Input">[hidden]: what the router and the experts read.</param>
/// <param name="Experts">Chosen experts, best first.</param>
/// <param name="Weights">The weights of the chosen experts.</param>
/// <param name="Scores">[expert]: softmax or sigmoids of the logits.</param>
/// <param name="OutputNorms">The Euclidean length of each chosen expert's output.</param>
public sealed record ReferenceRouting(double[] Input, int[] Experts, double[] Weights, double[] Scores, double[] OutputNorms)
{
    /// <summary>No choice.</summary>
    public static ReferenceRouting None { get; } = new([], [], [], [], []);
}
