using Moiety.Inference;
using Moiety.Models.Adapters;
using Moiety.Models.Checkpoints;
using Moiety.Numerics;
using Moiety.Numerics.Kernels;

namespace Moiety.Evaluation.Routing;

/// <summary>
/// Notes which experts the routers of an adapter choose, from what the matrices are multiplied with: <see cref="Observe"/> goes to
/// <see cref="EngineOptions.ProductInputs"/> of an engine with the adapter.
/// </summary>
internal sealed class AdapterRouteRecorder
{
    private readonly Dictionary<Matrix, int> _routers = new(ReferenceEqualityComparer.Instance);
    private readonly List<int[]>[] _decisions;

    /// <summary>Prepares the notes.</summary>
    /// <param name="checkpoint">The model that the engine runs.</param>
    /// <param name="adapter">The adapter, read for it.</param>
    public AdapterRouteRecorder(Checkpoint checkpoint, LoraAdapter adapter)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(adapter);
        Routers = [.. AdaptableModule.Of(checkpoint.Config).Where(module => adapter.Banks.ContainsKey(module.Tensor.Name)).Select(module => (module, adapter.Banks[module.Tensor.Name]))];
        _decisions = [.. Routers.Select(_ => new List<int[]>())];
        for (int i = 0; i < Routers.Count; i++)
        {
            _routers.Add(checkpoint.GetTensor(Routers[i].Module.Tensor.Name), i);
        }
    }

    /// <summary>The matrices that have experts, in the order of the forward pass.</summary>
    internal IReadOnlyList<(AdaptableModule Module, LoraExpertBank Bank)> Routers { get; }

    /// <summary>Notes the choices for one row.</summary>
    /// <param name="weights">The matrix.</param>
    /// <param name="input">The row.</param>
    public void Observe(Matrix weights, ReadOnlySpan<float> input)
    {
        if (!_routers.TryGetValue(weights, out int router))
        {
            return;
        }

        LoraExpertBank bank = Routers[router].Bank;
        float[] logits = new float[bank.Experts];
        for (int expert = 0; expert < logits.Length; expert++)
        {
            logits[expert] = VectorMath.Dot(bank.Router.AsSpan(expert * bank.Columns, bank.Columns), input);
        }

        // A stable sort: equal logits are decided for the lower id.
        _decisions[router].Add([.. Enumerable.Range(0, bank.Experts).OrderByDescending(expert => logits[expert]).Take(bank.TopK)]);
    }

    /// <summary>The experts that a router chose since the last <see cref="Clear"/>, token by token.</summary>
    internal IReadOnlyList<int[]> DecisionsOf(int router) => _decisions[router];

    /// <summary>Forgets what was noted.</summary>
    internal void Clear()
    {
        foreach (List<int[]> decisions in _decisions)
        {
            decisions.Clear();
        }
    }
}
