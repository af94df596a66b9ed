using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;
using Moiety.Models.Tokenizers;

namespace Moiety.Decoding.Processors;

/// <summary>
/// Token sequences across which <see cref="Dry"/> looks for no repetition: what stands before the last one in a text does not count.
/// </summary>
public sealed class SequenceBreakers
{
    // What may follow a first token to complete a breaker; an empty rest is a breaker of one token.
    private readonly FrozenDictionary<int, ImmutableArray<ImmutableArray<int>>> _rests;

    /// <summary>Creates the breakers.</summary>
    /// <param name="sequences">The sequences, none empty; longer ones go before shorter ones where several begin at one place.</param>
    /// <exception cref="ArgumentException">A sequence is empty.</exception>
    public SequenceBreakers(IEnumerable<ImmutableArray<int>> sequences)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        _rests = sequences
            .Select(sequence => sequence.IsDefaultOrEmpty ? throw new ArgumentException("A breaker has no tokens.", nameof(sequences)) : sequence)
            .GroupBy(sequence => sequence[0])
            .ToFrozenDictionary(group => group.Key, group => group.Select(sequence => sequence[1..]).OrderByDescending(rest => rest.Length).ToImmutableArray());
    }

    /// <summary>No breakers.</summary>
    public static SequenceBreakers None { get; } = new([]);

    /// <summary>All sequences, in no order.</summary>
    public IEnumerable<ImmutableArray<int>> Sequences => _rests.SelectMany(pair => pair.Value.Select(rest => rest.Insert(0, pair.Key)));

    /// <summary>
    /// The breakers that texts stand for: every token that contains a text, and every token that ends with the beginning of one
    /// followed by the tokens of its rest. So <c>"\n"</c> also breaks within a token <c>".\n\n"</c>.
    /// </summary>
    /// <param name="tokenizer">The tokenizer of the model.</param>
    /// <param name="texts">The texts; an empty one stands for nothing.</param>
    public static SequenceBreakers Of(Tokenizer tokenizer, IEnumerable<string> texts)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(texts);
        List<ImmutableArray<int>> sequences = [];
        foreach (byte[] text in texts.Where(text => text.Length > 0).Select(Encoding.UTF8.GetBytes))
        {
            // The rest of the text after its first n bytes, encoded when a token first ends with these.
            ImmutableArray<int>?[] rests = new ImmutableArray<int>?[text.Length];
            for (int token = 0; token < tokenizer.VocabularySize; token++)
            {
                ReadOnlySpan<byte> bytes = tokenizer.GetBytes(token);
                if (bytes.IndexOf(text) >= 0)
                {
                    sequences.Add([token]);
                    continue;
                }

                for (int length = Math.Min(bytes.Length, text.Length - 1); length > 0; length--)
                {
                    if (bytes.EndsWith(text.AsSpan(0, length)))
                    {
                        sequences.Add([token, .. rests[length] ??= [.. tokenizer.EncodeBytes(text.AsSpan(length), addSpecialTokens: false)]]);
                    }
                }
            }
        }

        return new SequenceBreakers(sequences);
    }

    /// <summary>Whether a token is a breaker by itself.</summary>
    internal bool IsBreaker(int token) => _rests.TryGetValue(token, out ImmutableArray<ImmutableArray<int>> rests) && rests[^1].IsEmpty;

    /// <summary>How many tokens stand after the last breaker, all where there is none.</summary>
    internal int CountAfter(ReadOnlySpan<int> tokens)
    {
        for (int start = tokens.Length - 1; start >= 0; start--)
        {
            if (_rests.TryGetValue(tokens[start], out ImmutableArray<ImmutableArray<int>> rests))
            {
                ReadOnlySpan<int> following = tokens[(start + 1)..];
                foreach (ImmutableArray<int> rest in rests)
                {
                    if (following.StartsWith(rest.AsSpan()))
                    {
                        return following.Length - rest.Length;
                    }
                }
            }
        }

        return tokens.Length;
    }
}
