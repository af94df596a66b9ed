using System.Collections.Immutable;

namespace Moiety.Models.Configuration;

/// <summary>
/// The head of an encoder that sorts texts into classes: logits = W2 · activation(W1 · h + b1) + b2, with h the last hidden state of the
/// first token. The families call W1 differently (pooler, dense); the computation is one.
/// </summary>
public sealed record ClassifierConfig
{
    /// <summary>Names of the classes.</summary>
    public required ImmutableArray<string> Labels { get; init; }

    /// <summary>The non-linearity between the two projections.</summary>
    public EncoderActivation Activation { get; init; }

    /// <summary>What the logits mean.</summary>
    public ClassificationProblem Problem { get; init; }

    /// <inheritdoc/>
    public bool Equals(ClassifierConfig? other) => other is not null
        && Activation == other.Activation
        && Problem == other.Problem
        && Labels.AsSpan().SequenceEqual(other.Labels.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Activation, Problem, Labels.IsDefault ? 0 : Labels.Length);
}
