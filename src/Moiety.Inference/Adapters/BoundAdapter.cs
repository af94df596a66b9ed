using Moiety.Models;
using Moiety.Models.Adapters;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Adapters;

/// <summary>An adapter with its updates found by the matrix that is multiplied with, so that a step looks nothing up by name.</summary>
internal sealed unsafe class BoundAdapter
{
    private readonly Dictionary<Matrix, BoundUpdate> _updates = new(ReferenceEqualityComparer.Instance);

    /// <summary>Finds the matrices of the model.</summary>
    /// <exception cref="InvalidInputException">The adapter is for another model, or changes a matrix that is not multiplied with in the plain way.</exception>
    public BoundAdapter(LoraAdapter adapter, Checkpoint checkpoint)
    {
        Dictionary<string, TensorSpec> tensors = TensorCatalog.For(checkpoint.Config).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach ((string name, LowRankUpdate update) in adapter.Updates)
        {
            Add(name, update.Rows, update.Columns, new PlainUpdate(update));
        }

        foreach ((string name, LoraExpertBank bank) in adapter.Banks)
        {
            Add(name, bank.Rows, bank.Columns, new RoutedUpdate(bank));
        }

        void Add(string name, int rows, int columns, BoundUpdate update)
        {
            if (!tensors.TryGetValue(name, out TensorSpec? tensor) || tensor.Rows != rows || tensor.Columns != columns)
            {
                throw new InvalidInputException($"{adapter.Path}: the adapter was read for another model than {checkpoint.Path}, which has no \"{name}\" of [{rows}, {columns}].");
            }

            if (!AdaptableModule.IsAdaptable(tensor.Role))
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
        if (_updates.TryGetValue(weights, out BoundUpdate? update))
        {
            update.AddTo(input, columns, output);
        }
    }
}
