namespace Moiety.Testing;

/// <summary>Everything that a reference forward pass computed.</summary>
public sealed class ReferenceOutput
{
    /// <summary>[token][vocabulary].</summary>
    public required double[][] Logits { get; init; }

    /// <summary>[depth][token][hidden]: embedding, after each layer, after the final norm.</summary>
    public required double[][][] HiddenStates { get; init; }

    /// <summary>[layer][head][query][key].</summary>
    public required double[][][][] Attention { get; init; }

    /// <summary>[layer][token]: how the token was sent to experts.</summary>
    public required ReferenceRouting[][] Routing { get; init; }
}
