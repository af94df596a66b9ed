using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Inference.Steps;

namespace Moiety.Decoding.Encoders;

/// <summary>
/// Runs inputs through a model, many in one step, and hands out the last hidden states of each. What else is in the step changes no bit
/// of them.
/// </summary>
internal sealed class EncoderRun
{
    // Enough rows for products to run at full speed; more would only take memory.
    private const int StepTokens = 1024;

    private readonly Engine _engine;
    private readonly Batch _batch = new();
    private readonly ForwardPlan _plan;
    private readonly int _depth;

    /// <param name="engine">The model.</param>
    public EncoderRun(Engine engine)
    {
        _engine = engine;
        _depth = engine.Config.LayerCount + 1;
        _plan = new ForwardPlan
        {
            Visibility = engine.Config.IsEncoder ? Visibility.Full : Visibility.Causal,
            HiddenStates = [_depth],
        };
    }

    /// <summary>Runs all inputs, the longest first.</summary>
    /// <param name="inputs">The inputs.</param>
    /// <param name="onStates">Told the index of an input and its states, which are valid during the call.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    public void Run(IReadOnlyList<EncoderInput> inputs, Action<int, EncoderStates> onStates, CancellationToken cancellationToken)
    {
        int[] order = [.. Enumerable.Range(0, inputs.Count).OrderByDescending(index => inputs[index].Ids.Length).ThenBy(index => index)];
        for (int next = 0; next < order.Length;)
        {
            int first = next;
            int tokens = 0;
            while (next < order.Length && (next == first || tokens + inputs[order[next]].Ids.Length <= StepTokens))
            {
                tokens += inputs[order[next++]].Ids.Length;
            }

            RunTogether(inputs, order.AsSpan(first, next - first), onStates, cancellationToken);
        }
    }

    private void RunTogether(IReadOnlyList<EncoderInput> inputs, ReadOnlySpan<int> chosen, Action<int, EncoderStates> onStates, CancellationToken cancellationToken)
    {
        List<KvCache> caches = [];
        try
        {
            _batch.Clear();
            foreach (int index in chosen)
            {
                EncoderInput input = inputs[index];
                KvCache cache = _engine.CreateCache();
                caches.Add(cache);
                ForwardPlan plan = input.TypeIds.Length == 0 ? _plan : _plan with { TokenTypeIds = [.. input.TypeIds] };
                _batch.Add(cache, input.Ids, LogitsWanted.None, plan);
            }

            StepResult result = _engine.Step(_batch, cancellationToken);
            for (int slice = 0; slice < chosen.Length; slice++)
            {
                onStates(chosen[slice], new EncoderStates(result, slice, _depth, inputs[chosen[slice]].Ids.Length));
            }
        }
        finally
        {
            caches.ForEach(cache => cache.Dispose());
        }
    }
}
