using System.Runtime.Intrinsics;
using Moiety.Numerics;

namespace Moiety.Training.Kernels;

/// <summary>The forward pass of one key-value head of one sequence, see <see cref="AttentionFunction"/>.</summary>
/// <typeparam name="T">Type in memory.</typeparam>
/// <typeparam name="TElement">How it is read and written.</typeparam>
internal readonly unsafe ref struct AttentionForward<T, TElement>
    where T : unmanaged
    where TElement : IElement<T>
{
    private readonly AttentionShape _shape;
    private readonly float _scale;
    private readonly ReadOnlySpan<int> _firstVisible;
    private readonly int _group;
    private readonly AlignedBuffer _memory;
    private readonly float* _keys; // [size, columns]
    private readonly float* _values; // [length, width]
    private readonly float* _queries; // [rows, width]
    private readonly float* _scores; // [rows, keys]
    private readonly float* _output; // [rows, width]
    private readonly float* _largest; // [rows]
    private readonly float* _sums; // [rows]

    /// <summary>Allocates the tiles.</summary>
    internal AttentionForward(AttentionShape shape, float scale, ReadOnlySpan<int> firstVisible, int group)
    {
        _shape = shape;
        _scale = scale;
        _firstVisible = firstVisible;
        _group = group;
        long keys = (long)shape.Size * shape.Columns;
        long values = (long)shape.Length * shape.Width;
        int tile = AttentionTiles.Rows * shape.Width;
        const int Scores = AttentionTiles.Rows * AttentionTiles.Keys;
        _memory = new AlignedBuffer((keys + values + (2 * tile) + Scores + (2 * AttentionTiles.Rows)) * sizeof(float));
        _keys = _memory.As<float>();
        _values = _keys + keys;
        _queries = _values + values;
        _output = _queries + tile;
        _scores = _output + tile;
        _largest = _scores + Scores;
        _sums = _largest + AttentionTiles.Rows;
    }

    /// <summary>Attends.</summary>
    /// <param name="packed">[length, heads, size] of the sequence: queries, keys, values.</param>
    /// <param name="mixed">[length, query heads, size], written.</param>
    /// <param name="logarithms">[query heads, length], written: log of the sum of the exponentials of the scores.</param>
    internal void Run(T* packed, T* mixed, float* logarithms)
    {
        int size = _shape.Size;
        int stride = _shape.PackedStride;
        AttentionTiles.LoadTransposed<T, TElement>(packed + ((_shape.Heads + _group) * size), stride, _shape.Length, size, _keys, _shape.Columns);
        AttentionTiles.Load<T, TElement>(packed + ((_shape.Heads + _shape.Groups + _group) * size), stride, _shape.Length, size, 1, _values, _shape.Width);
        for (int head = _group * _shape.Sharers; head < (_group + 1) * _shape.Sharers; head++)
        {
            int end;
            for (int row = 0; row < _shape.Length; row = end)
            {
                end = AttentionTiles.EndOfRows(_firstVisible, row);
                AttentionTiles.Load<T, TElement>(packed + ((long)row * stride) + (head * size), stride, end - row, size, _scale, _queries, _shape.Width);
                Mix(row, end);
                for (int i = 0; i < end - row; i++)
                {
                    logarithms[(head * _shape.Length) + row + i] = _largest[i] + MathF.Log(_sums[i]);
                    T* target = mixed + ((long)(row + i) * _shape.Heads * size) + (head * size);
                    AttentionTiles.Store<T, TElement>(_output + (i * _shape.Width), _shape.Width, 1, size, 1 / _sums[i], target, size);
                }
            }
        }
    }

    /// <summary>Frees the tiles.</summary>
    public void Dispose() => _memory.Dispose();

    // The output of a tile of rows, not yet divided by the sums.
    private void Mix(int row, int end)
    {
        int rows = end - row;
        int padded = AttentionTiles.Padded(rows);
        new Span<float>(_output, padded * _shape.Width).Clear();
        new Span<float>(_largest, rows).Fill(float.NegativeInfinity);
        new Span<float>(_sums, rows).Clear();
        for (int key = _firstVisible[row]; key < end; key += AttentionTiles.Keys)
        {
            int keys = Math.Min(AttentionTiles.Keys, end - key);
            int columns = AttentionShape.RoundUp(keys);
            new Span<float>(_scores, padded * AttentionTiles.Keys).Clear();
            TileProduct.Add(_queries, _shape.Width, 1, _keys + key, _shape.Columns, _scores, AttentionTiles.Keys, padded, _shape.Size, columns);
            for (int i = 0; i < rows; i++)
            {
                (int start, int stop) = AttentionTiles.Visible(_firstVisible[row + i], row + i, key, keys);
                Weigh(i, start, stop, columns);
            }

            TileProduct.Add(_scores, AttentionTiles.Keys, 1, _values + ((long)key * _shape.Width), _shape.Width, _output, _shape.Width, padded, keys, _shape.Width);
        }
    }

    // Scores of a row to exponentials below the largest score so far; what was summed before is brought to the new largest.
    private void Weigh(int row, int start, int stop, int columns)
    {
        Span<float> scores = new(_scores + (row * AttentionTiles.Keys), columns);
        if (stop <= start)
        {
            scores.Clear();
            return;
        }

        scores[..start].Fill(float.NegativeInfinity);
        scores[stop..].Fill(float.NegativeInfinity);
        Vector512<float> maxima = Vector512.Create(float.NegativeInfinity);
        for (int i = 0; i < columns; i += 16)
        {
            maxima = Vector512.MaxNative(maxima, Vector512.Create<float>(scores[i..]));
        }

        float before = _largest[row];
        float largest = MathF.Max(before, Largest(maxima));
        Vector512<float> total = Vector512<float>.Zero;
        for (int i = 0; i < columns; i += 16)
        {
            Vector512<float> weight = Exponential.OfNegative(Vector512.Create<float>(scores[i..]) - Vector512.Create(largest));
            weight.CopyTo(scores[i..]);
            total += weight;
        }

        float sum = Vector512.Sum(total);
        if (largest > before && _sums[row] > 0)
        {
            float factor = MathF.Exp(before - largest);
            sum += _sums[row] * factor;
            Span<float> output = new(_output + (row * _shape.Width), _shape.Width);
            for (int i = 0; i < output.Length; i += 16)
            {
                (Vector512.Create<float>(output[i..]) * factor).CopyTo(output[i..]);
            }
        }
        else
        {
            sum += _sums[row];
        }

        _largest[row] = largest;
        _sums[row] = sum;
    }

    private static float Largest(Vector512<float> values)
    {
        Vector256<float> eight = Vector256.Max(values.GetLower(), values.GetUpper());
        Vector128<float> four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        return MathF.Max(MathF.Max(four[0], four[1]), MathF.Max(four[2], four[3]));
    }
}
