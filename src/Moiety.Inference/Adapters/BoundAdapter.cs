using Moiety.Models;
using Moiety.Models.Adapters;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Adapters;

/// <summary>An adapter with its updates found by the matrix that is multiplied with, so that a step looks nothing up by name.</summary>
internal sealed unsafe class BoundAdapter
{
    private readonly Dictionary<Matrix, LowRankUpdate> _updates = new(ReferenceEqualityComparer.Instance);

    /// <summary>Finds the matrices of the model.</summary>
    /// <exception cref="InvalidInputException">The adapter is for another model, or changes a matrix that is not multiplied with in the plain way.</exception>
    public BoundAdapter(LoraAdapter adapter, Checkpoint checkpoint)
    {
        Dictionary<string, TensorSpec> tensors = TensorCatalog.For(checkpoint.Config).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach ((string name, LowRankUpdate update) in adapter.Updates)
        {
            if (!tensors.TryGetValue(name, out TensorSpec? tensor) || tensor.Rows != update.Rows || tensor.Columns != update.Columns)
            {
                throw new InvalidInputException($"{adapter.Path}: the adapter was read for another model than {checkpoint.Path}, which has no \"{name}\" of [{update.Rows}, {update.Columns}].");
            }

            if (!IsAdaptable(tensor.Role))
            {
                throw new InvalidInputException($"{adapter.Path}: the adapter changes \"{name}\" ({tensor.Role}), which cannot be adapted while the model runs: moiety merge makes a model of both.");
            }

            _updates.Add(checkpoint.GetTensor(name), update);
        }
    }

    /// <summary>Adds the update's share in some columns of the product of one row.</summary>
    /// <param name="weights">The matrix.</param>
    /// <param name="input">The row that it is multiplied with.</param>
    /// <param name="columns">Columns of the product, which are rows of the matrix.</param>
    /// <param name="output">The whole row of the product.</param>
    public void AddTo(Matrix weights, ReadOnlySpan<float> input, RowRange columns, float* output)
    {
        if (!_updates.TryGetValue(weights, out LowRankUpdate? update))
        {
            return;
        }

        int rank = update.Rank;
        Span<float> inner = stackalloc float[rank];
        for (int i = 0; i < rank; i++)
        {
            inner[i] = update.Scale * VectorMath.Dot(update.A.AsSpan(i * input.Length, input.Length), input);
        }

        for (int column = columns.Start; column < columns.End; column++)
        {
            output[column] += VectorMath.Dot(update.B.AsSpan(column * rank, rank), inner);
        }
    }

    // Routers choose in single precision of their own, and the up projection of latent attention is folded into queries and values.
    private static bool IsAdaptable(TensorRole role) => role
        is TensorRole.Query or TensorRole.Key or TensorRole.Value or TensorRole.AttentionOutput or TensorRole.QueryDown or TensorRole.KeyValueDown
        or TensorRole.Gate or TensorRole.Up or TensorRole.Down
        or TensorRole.ExpertGate or TensorRole.ExpertUp or TensorRole.ExpertDown
        or TensorRole.SharedGate or TensorRole.SharedUp or TensorRole.SharedDown
        or TensorRole.ResidualGate or TensorRole.ResidualUp or TensorRole.ResidualDown
        or TensorRole.Head;
}
