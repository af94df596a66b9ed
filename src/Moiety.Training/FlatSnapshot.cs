using Moiety.Training.Modules;
using Moiety.Training.Optimization;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training;

/// <summary>A copy of weights and moments in memory, to which a run returns after it tried something.</summary>
internal sealed class FlatSnapshot : IDisposable
{
    private readonly ParameterStore _store;
    private readonly (Tensor Live, Tensor Kept)[] _copies;

    /// <summary>Copies the present state.</summary>
    internal FlatSnapshot(ParameterStore store, AdamW optimizer)
    {
        _store = store;
        using IDisposable guard = no_grad();
        using DisposeScope scope = NewDisposeScope();
        _copies = [.. new[] { store.Values, optimizer.FirstMoment, optimizer.SecondMoment }.Select(live => (live, live.clone().DetachFromDisposeScope()))];
    }

    /// <summary>Puts the copied state back.</summary>
    internal void Restore()
    {
        using IDisposable guard = no_grad();
        using DisposeScope scope = NewDisposeScope();

        // Asking for the values says that they are about to be written.
        _ = _store.Values;
        foreach ((Tensor live, Tensor kept) in _copies)
        {
            live.copy_(kept);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((_, Tensor kept) in _copies)
        {
            kept.Dispose();
        }
    }
}
