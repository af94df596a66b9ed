using Moiety.Numerics;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Products;
using Moiety.Numerics.Randomness;

namespace Moiety.TrainingSpeed;

/// <summary>
/// The experts' products of one decoding step, with the engine's kernels: grouped by expert, as the engine does them, so that every expert
/// that some token chose is read once; and one call for each token and choice. The outputs are bit by bit the same.
/// </summary>
internal static unsafe class DecodeMeasurement
{
    // Rows that are drawn; the others repeat them.
    private const int Drawn = 64;

    internal static DecodeResult Run(int batch, int experts, int topK, int hidden, int size, StorageFormat format, int runs)
    {
        Xoshiro256 random = new(1);
        (Matrix[] gates, AlignedBuffer gateMemory) = Weights(experts, size, hidden, format, ref random);
        (Matrix[] downs, AlignedBuffer downMemory) = Weights(experts, hidden, size, format, ref random);
        (int[] rows, int[] offsets) = Route(batch, experts, topK, ref random);
        float[] input = new float[batch * hidden];
        float[] inner = new float[rows.Length * size];
        random.FillNormal(input, 1);
        random.FillNormal(inner, 1);
        using ActivationBuffer prepared = new(batch, hidden);
        using ActivationBuffer preparedInner = new(rows.Length, size);
        fixed (float* x = input, h = inner)
        {
            prepared.Prepare(x, batch, hidden, hidden, format.Activations, 0, 1);
            preparedInner.Prepare(h, rows.Length, size, size, format.Activations, 0, 1);
        }

        // A step reads gate, up and down; up is as large as gate, and another matrix would only take more memory.
        float[] output = new float[rows.Length * Math.Max(hidden, size)];
        float[] grouped = [];
        double[] times = ProcessorClock.Medians(
            runs,
            () =>
            {
                fixed (float* y = output)
                fixed (int* tokens = rows)
                {
                    MatrixProduct.MultiplyGathered(gates, offsets, prepared, tokens, y, size, 0, 1);
                    MatrixProduct.MultiplyGathered(downs, offsets, preparedInner, null, y, hidden, 0, 1);
                }

                grouped = grouped.Length == 0 ? [.. output] : grouped;
            },
            () =>
            {
                // In the order of tokens: choices of one expert do not follow each other.
                fixed (float* y = output)
                fixed (int* tokens = rows)
                {
                    foreach ((int slot, int expert) in InOrderOfTokens(rows, offsets))
                    {
                        MatrixProduct.MultiplyGathered(gates[expert], prepared, tokens, slot, 1, 0, size, y, size);
                    }

                    foreach ((int slot, int expert) in InOrderOfTokens(rows, offsets))
                    {
                        MatrixProduct.MultiplyGathered(downs[expert], preparedInner, null, slot, 1, 0, hidden, y, hidden);
                    }
                }
            });
        bool same = output.AsSpan(0, rows.Length * hidden).SequenceEqual(grouped.AsSpan(0, rows.Length * hidden));
        int distinct = Enumerable.Range(0, experts).Count(expert => offsets[expert + 1] > offsets[expert]);
        gateMemory.Dispose();
        downMemory.Dispose();
        return new DecodeResult(batch, experts, topK, distinct, format.Name, times[0], times[1], times[1] / times[0], same);
    }

    private static (Matrix[] Matrices, AlignedBuffer Memory) Weights(int experts, int rows, int columns, StorageFormat format, ref Xoshiro256 random)
    {
        long rowBytes = format.RowBytes(columns);
        AlignedBuffer memory = new(experts * rows * rowBytes);
        Matrix[] matrices = new Matrix[experts];
        float[] values = new float[columns];
        for (int expert = 0; expert < experts; expert++)
        {
            byte* data = memory.Pointer + (expert * rows * rowBytes);
            for (int row = 0; row < rows; row++)
            {
                Span<byte> target = new(data + (row * rowBytes), (int)rowBytes);
                if (row < Drawn && expert == 0)
                {
                    random.FillNormal(values, 0.05);
                    format.Quantize(values, target);
                }
                else
                {
                    // Which numbers they are does not matter; that each expert has memory of its own does.
                    new ReadOnlySpan<byte>(memory.Pointer + (row % Drawn * rowBytes), (int)rowBytes).CopyTo(target);
                }
            }

            matrices[expert] = new Matrix(format, rows, columns, data, memory);
        }

        return (matrices, memory);
    }

    // Every token chooses at random: [slot] its token, sorted by expert, and where each expert's slots begin.
    private static (int[] Rows, int[] Offsets) Route(int batch, int experts, int topK, ref Xoshiro256 random)
    {
        List<(int Expert, int Token)> choices = [];
        for (int token = 0; token < batch; token++)
        {
            HashSet<int> chosen = [];
            while (chosen.Count < topK)
            {
                chosen.Add(random.NextInt32(experts));
            }

            choices.AddRange(chosen.Select(expert => (expert, token)));
        }

        choices.Sort();
        int[] offsets = [.. Enumerable.Range(0, experts + 1).Select(expert => choices.Count(choice => choice.Expert < expert))];
        return ([.. choices.Select(choice => choice.Token)], offsets);
    }

    private static IEnumerable<(int Slot, int Expert)> InOrderOfTokens(int[] rows, int[] offsets) =>
        Enumerable.Range(0, rows.Length)
            .OrderBy(slot => rows[slot])
            .Select(slot => (slot, Enumerable.Range(0, offsets.Length - 1).First(expert => slot < offsets[expert + 1])));
}
