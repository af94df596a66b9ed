using Moiety.Inference.Steps;

namespace Moiety.Decoding.Encoders;

/// <summary>The last hidden states of one input's tokens.</summary>
/// <param name="result">The step that computed them.</param>
/// <param name="slice">The input's slice.</param>
/// <param name="depth">The depth of the states.</param>
/// <param name="count">Tokens.</param>
internal readonly struct EncoderStates(StepResult result, int slice, int depth, int count)
{
    /// <summary>Tokens.</summary>
    public int Count => count;

    /// <summary>The state [hidden] of a token.</summary>
    public ReadOnlySpan<float> this[int token] => result.HiddenState(slice, depth, token);
}
