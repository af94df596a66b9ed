using Moiety.Models;
using Moiety.Numerics.Randomness;
using static TorchSharp.torch;

namespace Moiety.Training.Corpora;

/// <summary>
/// A token cache cut into sequences of equal length, each with the labels one token further. The order is a permutation per epoch,
/// a function of seed and epoch only: the number of sequences that were consumed is the whole position.
/// </summary>
internal sealed class PackedSequences
{
    private readonly TokenCache _cache;
    private readonly int _length;
    private readonly ulong _seed;
    private int[] _order = [];
    private long _epoch = -1;

    /// <summary>Cuts a cache into sequences.</summary>
    /// <exception cref="InvalidInputException">There is not one full sequence.</exception>
    internal PackedSequences(TokenCache cache, int length, ulong seed, string what)
    {
        _cache = cache;
        _length = length;
        _seed = seed;
        Count = (int)Math.Min(int.MaxValue, (cache.Count - 1) / length);
        if (Count < 1)
        {
            throw new InvalidInputException($"The {what} corpus has {cache.Count} tokens, less than one sequence of {length} and its last label; give more text or a smaller sequence_length.");
        }
    }

    /// <summary>Number of sequences of an epoch.</summary>
    internal int Count { get; }

    /// <summary>A batch in shuffled order.</summary>
    /// <param name="position">Sequences consumed before.</param>
    /// <param name="batch">Sequences to read.</param>
    internal (Tensor Tokens, Tensor Labels) Shuffled(long position, int batch) => Read(Order(position, batch));

    /// <summary>The numbers of the sequences that come next in shuffled order.</summary>
    /// <param name="position">Sequences consumed before.</param>
    /// <param name="batch">Sequences to read.</param>
    internal int[] Order(long position, int batch)
    {
        int[] indices = new int[batch];
        for (int i = 0; i < batch; i++)
        {
            (long epoch, long place) = Math.DivRem(position + i, Count);
            Shuffle(epoch);
            indices[i] = _order[place];
        }

        return indices;
    }

    /// <summary>The tokens of one sequence.</summary>
    internal int[] Tokens(int index) => _cache.Read((long)index * _length, _length).ToArray();

    /// <summary>A batch in the order of the corpus.</summary>
    internal (Tensor Tokens, Tensor Labels) Sequential(int first, int batch) => Read(Enumerable.Range(first, batch).ToArray());

    /// <summary>The sequences of these numbers.</summary>
    internal (Tensor Tokens, Tensor Labels) Read(int[] indices)
    {
        long[] tokens = new long[indices.Length * _length];
        long[] labels = new long[tokens.Length];
        for (int i = 0; i < indices.Length; i++)
        {
            ReadOnlySpan<int> window = _cache.Read((long)indices[i] * _length, _length + 1);
            for (int j = 0; j < _length; j++)
            {
                tokens[(i * _length) + j] = window[j];
                labels[(i * _length) + j] = window[j + 1];
            }
        }

        return (tensor(tokens, indices.Length, _length), tensor(labels));
    }

    private void Shuffle(long epoch)
    {
        if (epoch == _epoch)
        {
            return;
        }

        _order = [.. Enumerable.Range(0, Count)];
        Xoshiro256 random = new(_seed, purpose: 0x6f72646572, (ulong)epoch);
        for (int i = Count - 1; i > 0; i--)
        {
            int j = random.NextInt32(i + 1);
            (_order[i], _order[j]) = (_order[j], _order[i]);
        }

        _epoch = epoch;
    }
}
