using System.Runtime.InteropServices;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;

namespace Moiety.Inference.Steps;

/// <summary>
/// What one step computes: slices of any number of sequences, of any lengths, prompts and single decoded tokens side by
/// side. Reuse one batch (<see cref="Clear"/>, then <see cref="Add"/>) so that a decoding loop allocates nothing.
/// </summary>
public sealed class Batch
{
    private readonly List<SequenceSlice> _slices = [];
    private readonly List<int> _tokens = [];

    /// <summary>Number of slices.</summary>
    public int Count => _slices.Count;

    /// <summary>The slices in the order in which they were added.</summary>
    public ReadOnlySpan<SequenceSlice> Slices => CollectionsMarshal.AsSpan(_slices);

    /// <summary>The token ids of all slices, one slice after the other.</summary>
    public ReadOnlySpan<int> Tokens => CollectionsMarshal.AsSpan(_tokens);

    /// <summary>Adds a slice; the tokens are copied.</summary>
    /// <param name="cache">The sequence that the tokens continue. A cache may appear once in a batch.</param>
    /// <param name="tokens">Token ids, at least one.</param>
    /// <param name="logits">For which tokens the output head runs.</param>
    /// <param name="plan">What differs from a plain causal pass.</param>
    /// <returns>The index of the slice, by which <see cref="StepResult"/> is asked.</returns>
    public int Add(KvCache cache, ReadOnlySpan<int> tokens, LogitsWanted logits = LogitsWanted.Last, ForwardPlan? plan = null)
    {
        ArgumentNullException.ThrowIfNull(cache);
        if (tokens.IsEmpty)
        {
            throw new ArgumentException("A slice needs at least one token.", nameof(tokens));
        }

        _slices.Add(new SequenceSlice(cache, _tokens.Count, tokens.Length, logits, plan));
        _tokens.AddRange(tokens);
        return _slices.Count - 1;
    }

    /// <summary>The token ids of one slice.</summary>
    public ReadOnlySpan<int> TokensOf(int slice) => Tokens.Slice(Slices[slice].Start, Slices[slice].Count);

    /// <summary>Removes all slices and keeps the memory.</summary>
    public void Clear()
    {
        _slices.Clear();
        _tokens.Clear();
    }
}
