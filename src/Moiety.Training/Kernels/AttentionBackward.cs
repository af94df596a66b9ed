using System.Runtime.Intrinsics;
using Moiety.Numerics;

namespace Moiety.Training.Kernels;

/// <summary>
/// The gradient of one key-value head of one sequence, see <see cref="AttentionFunction"/>. With P = exp(S - log sum), O = P V and
/// D = rowsum(dO * O): dV = P^T dO, dS = P * (dO V^T - D), dQ = dS K, dK = dS^T Q.
/// </summary>
/// <typeparam name="T">Type in memory.</typeparam>
/// <typeparam name="TElement">How it is read and written.</typeparam>
internal readonly unsafe ref struct AttentionBackward<T, TElement>
    where T : unmanaged
    where TElement : IElement<T>
{
    private readonly AttentionShape _shape;
    private readonly float _scale;
    private readonly ReadOnlySpan<int> _firstVisible;
    private readonly int _group;
    private readonly AlignedBuffer _memory;
    private readonly float* _keysAcross; // [size, columns]
    private readonly float* _valuesAcross; // [size, columns]
    private readonly float* _keys; // [length, width]
    private readonly float* _keyGradient; // [columns, width]
    private readonly float* _valueGradient; // [columns, width]
    private readonly float* _queries; // [rows, width]
    private readonly float* _queryGradient; // [rows, width]
    private readonly float* _outputGradient; // [rows, width]
    private readonly float* _weights; // [rows, keys]
    private readonly float* _slopes; // [rows, keys]
    private readonly float* _inner; // [rows], D

    /// <summary>Allocates the tiles.</summary>
    internal AttentionBackward(AttentionShape shape, float scale, ReadOnlySpan<int> firstVisible, int group)
    {
        _shape = shape;
        _scale = scale;
        _firstVisible = firstVisible;
        _group = group;
        long across = (long)shape.Size * shape.Columns;
        long along = (long)shape.Columns * shape.Width;
        int tile = AttentionTiles.Rows * shape.Width;
        const int Scores = AttentionTiles.Rows * AttentionTiles.Keys;
        _memory = new AlignedBuffer(((2 * across) + (3 * along) + (3 * tile) + (2 * Scores) + AttentionTiles.Rows) * sizeof(float));
        _keysAcross = _memory.As<float>();
        _valuesAcross = _keysAcross + across;
        _keys = _valuesAcross + across;
        _keyGradient = _keys + along;
        _valueGradient = _keyGradient + along;
        _queries = _valueGradient + along;
        _queryGradient = _queries + tile;
        _outputGradient = _queryGradient + tile;
        _weights = _outputGradient + tile;
        _slopes = _weights + Scores;
        _inner = _slopes + Scores;
    }

    /// <summary>Computes the gradients of the group's queries, keys and values.</summary>
    /// <param name="packed">[length, heads, size] of the sequence: queries, keys, values.</param>
    /// <param name="mixed">[length, query heads, size]: what the forward pass wrote.</param>
    /// <param name="logarithms">[query heads, length]: what the forward pass wrote.</param>
    /// <param name="mixedGradient">[length, query heads, size].</param>
    /// <param name="packedGradient">[length, heads, size], written.</param>
    internal void Run(T* packed, T* mixed, float* logarithms, T* mixedGradient, T* packedGradient)
    {
        int size = _shape.Size;
        int stride = _shape.PackedStride;
        int keyOffset = (_shape.Heads + _group) * size;
        int valueOffset = keyOffset + (_shape.Groups * size);
        AttentionTiles.LoadTransposed<T, TElement>(packed + keyOffset, stride, _shape.Length, size, _keysAcross, _shape.Columns);
        AttentionTiles.LoadTransposed<T, TElement>(packed + valueOffset, stride, _shape.Length, size, _valuesAcross, _shape.Columns);
        AttentionTiles.Load<T, TElement>(packed + keyOffset, stride, _shape.Length, size, 1, _keys, _shape.Width);
        for (int head = _group * _shape.Sharers; head < (_group + 1) * _shape.Sharers; head++)
        {
            int end;
            for (int row = 0; row < _shape.Length; row = end)
            {
                end = AttentionTiles.EndOfRows(_firstVisible, row);
                long packedRow = ((long)row * stride) + (head * size);
                long mixedRow = ((long)row * _shape.Heads * size) + (head * size);
                AttentionTiles.Load<T, TElement>(packed + packedRow, stride, end - row, size, _scale, _queries, _shape.Width);
                LoadGradient(mixedGradient + mixedRow, mixed + mixedRow, end - row);
                Differentiate(row, end, logarithms + (head * _shape.Length));
                AttentionTiles.Store<T, TElement>(_queryGradient, _shape.Width, end - row, size, _scale, packedGradient + packedRow, stride);
            }
        }

        AttentionTiles.Store<T, TElement>(_keyGradient, _shape.Width, _shape.Length, size, 1, packedGradient + keyOffset, stride);
        AttentionTiles.Store<T, TElement>(_valueGradient, _shape.Width, _shape.Length, size, 1, packedGradient + valueOffset, stride);
    }

    /// <summary>Frees the tiles.</summary>
    public void Dispose() => _memory.Dispose();

    private void LoadGradient(T* mixedGradient, T* mixed, int rows)
    {
        int stride = _shape.Heads * _shape.Size;
        AttentionTiles.Load<T, TElement>(mixedGradient, stride, rows, _shape.Size, 1, _outputGradient, _shape.Width);

        // The tile of the queries' gradient is free until the products begin.
        AttentionTiles.Load<T, TElement>(mixed, stride, rows, _shape.Size, 1, _queryGradient, _shape.Width);
        for (int row = 0; row < rows; row++)
        {
            Vector512<float> sum = Vector512<float>.Zero;
            for (int i = row * _shape.Width; i < (row + 1) * _shape.Width; i += 16)
            {
                sum = Vector512.MultiplyAddEstimate(Vector512.Load(_outputGradient + i), Vector512.Load(_queryGradient + i), sum);
            }

            _inner[row] = Vector512.Sum(sum);
        }
    }

    private void Differentiate(int row, int end, float* logarithms)
    {
        int rows = end - row;
        int padded = AttentionTiles.Padded(rows);
        int width = _shape.Width;
        new Span<float>(_queryGradient, padded * width).Clear();
        for (int key = _firstVisible[row]; key < end; key += AttentionTiles.Keys)
        {
            int keys = Math.Min(AttentionTiles.Keys, end - key);
            int columns = AttentionShape.RoundUp(keys);
            new Span<float>(_weights, padded * AttentionTiles.Keys).Clear();
            new Span<float>(_slopes, padded * AttentionTiles.Keys).Clear();
            TileProduct.Add(_queries, width, 1, _keysAcross + key, _shape.Columns, _weights, AttentionTiles.Keys, padded, _shape.Size, columns);
            TileProduct.Add(_outputGradient, width, 1, _valuesAcross + key, _shape.Columns, _slopes, AttentionTiles.Keys, padded, _shape.Size, columns);
            for (int i = 0; i < rows; i++)
            {
                (int start, int stop) = AttentionTiles.Visible(_firstVisible[row + i], row + i, key, keys);
                Weigh(i, start, stop, columns, logarithms[row + i]);
            }

            long first = (long)key * width;
            TileProduct.Add(_slopes, AttentionTiles.Keys, 1, _keys + first, width, _queryGradient, width, padded, keys, width);
            TileProduct.Add(_slopes, 1, AttentionTiles.Keys, _queries, width, _keyGradient + first, width, columns, rows, width);
            TileProduct.Add(_weights, 1, AttentionTiles.Keys, _outputGradient, width, _valueGradient + first, width, columns, rows, width);
        }
    }

    // Scores of a row to weights P, and their gradients to those of the scores.
    private void Weigh(int row, int start, int stop, int columns, float logarithm)
    {
        Span<float> weights = new(_weights + (row * AttentionTiles.Keys), columns);
        Span<float> slopes = new(_slopes + (row * AttentionTiles.Keys), columns);
        if (stop <= start)
        {
            weights.Clear();
            slopes.Clear();
            return;
        }

        weights[..start].Fill(float.NegativeInfinity);
        weights[stop..].Fill(float.NegativeInfinity);
        Vector512<float> inner = Vector512.Create(_inner[row]);
        for (int i = 0; i < columns; i += 16)
        {
            // The logarithm is the row's own, so the difference is above zero by no more than rounding.
            Vector512<float> weight = Exponential.OfNegative(Vector512.Create<float>(weights[i..]) - Vector512.Create(logarithm));
            weight.CopyTo(weights[i..]);
            (weight * (Vector512.Create<float>(slopes[i..]) - inner)).CopyTo(slopes[i..]);
        }
    }
}
