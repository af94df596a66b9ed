using Moiety.Models;
using Moiety.Numerics.Randomness;
using static TorchSharp.torch;

namespace Moiety.Training.Routing;

/// <summary>All that a gate may look at when it routes the tokens of one pass through one layer.</summary>
internal sealed class GateInput
{
    private Tensor? _logits;

    /// <summary>[tokens, hidden] in F32, with gradients: what the router reads.</summary>
    internal required Tensor Rows { get; init; }

    /// <summary>The product of rows with the router, its bias added.</summary>
    internal required Func<Tensor, Tensor> Router { get; init; }

    /// <summary>[tokens, router rows] in F32, with gradients: the logits of <see cref="Rows"/>, made when a gate asks for them.</summary>
    internal Tensor Logits => _logits ??= Router(Rows);

    /// <summary>[batch, length], int64: the token ids; batch * length tokens. Null where a layer is run alone.</summary>
    internal Tensor? TokenIds { get; init; }

    /// <summary>The layer, for messages and random streams.</summary>
    internal required int Layer { get; init; }

    /// <summary>Expert capacity, or null to drop nothing.</summary>
    internal ExpertCapacity? Capacity { get; init; }

    /// <summary>Whether noise and losses are wanted. Without, the gate decides as the served model does.</summary>
    internal bool IsTraining { get; init; }

    /// <summary>Share of the run that is done, from 0 to 1, for what is annealed; 1 in evaluation.</summary>
    internal double Progress { get; init; } = 1;

    /// <summary>Per token, whether it counts: padding takes no capacity and no part in the losses. Empty when all tokens count.</summary>
    internal ReadOnlyMemory<bool> Used { get; init; }

    /// <summary>Seed of the pass.</summary>
    internal ulong Seed { get; init; }

    /// <summary>Number of tokens.</summary>
    internal int Tokens => (int)Rows.shape[0];

    /// <summary>The random stream of this pass and layer for one purpose.</summary>
    internal Xoshiro256 Random(ulong purpose) => new(Seed, purpose, (ulong)Layer);

    /// <summary>
    /// The values of a tensor on the host, checked: choices are made by scalar code. Every gate gets its numbers here and nowhere else.
    /// </summary>
    /// <param name="values">Logits, or probabilities made from them; a row for each token.</param>
    /// <exception cref="InvalidInputException">A value is not finite.</exception>
    internal float[] Read(Tensor values)
    {
        float[] numbers = HostValues.Read(values);
        int invalid = Array.FindIndex(numbers, value => !float.IsFinite(value));
        if (invalid >= 0)
        {
            throw new InvalidInputException(
                $"Layer {Layer}: the router gives token {invalid / values.shape[1]} a score of {numbers[invalid]}: the weights or the activations are not finite. "
                + "If this happens while training, lower the learning rate and resume from an earlier checkpoint.");
        }

        return numbers;
    }

    /// <summary>The rows of the tokens that count.</summary>
    /// <param name="rows">[tokens, any].</param>
    internal Tensor OnlyUsed(Tensor rows)
    {
        if (Used.IsEmpty)
        {
            return rows;
        }

        long[] places = [.. Enumerable.Range(0, Used.Length).Where(token => Used.Span[token]).Select(token => (long)token)];
        return rows.index_select(0, tensor(places, device: rows.device));
    }

    /// <summary>Number of tokens that count.</summary>
    internal int UsedTokens => Used.IsEmpty ? Tokens : Used.Span.Count(true);
}
