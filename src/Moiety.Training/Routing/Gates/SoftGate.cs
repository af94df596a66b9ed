using System.Runtime.InteropServices;
using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Routing.Gates;

/// <summary>
/// Soft MoE (Puigcerver et al., arXiv 2308.00951): with X the tokens of one sequence and Phi a column for every slot, slots are
/// softmax(X Phi) over the tokens, transposed, times X; each expert multiplies its p slots; tokens are softmax(X Phi) over the slots, times
/// their outputs. There is no choice, hence nothing to balance, and every token sees every other one of its sequence, later ones included.
/// </summary>
internal sealed class SoftGate : IGate
{
    // So far below all logits of finite weights that a softmax gives it nothing.
    private const double Hidden = -1e30;

    private readonly GateSite _site;
    private readonly int _slots;
    private readonly Parameter _phi;

    /// <summary>Declares Phi.</summary>
    /// <param name="slots">Slots of every expert, p.</param>
    /// <param name="site">Where it stands.</param>
    internal SoftGate(int slots, GateSite site)
    {
        _site = site;
        _slots = slots;
        _phi = site.Store.Declare((PhiName(site.Layer), checked(slots * site.Config.ExpertCount), site.Hidden));
    }

    /// <summary>Phi transposed, [experts * p, hidden].</summary>
    internal static string PhiName(int layer) => $"model.layers.{layer}.mlp.slots.weight";

    /// <inheritdoc/>
    public ExpertRouting Route(GateInput input)
    {
        Tensor product = input.Rows.mm(_phi.Value.t());
        _ = input.Read(product);
        long batch = input.TokenIds?.shape[0] ?? 1;
        Tensor logits = product.view(batch, input.Tokens / batch, -1);
        Tensor dispatch = Mask(logits, input.Used.Span).softmax(1);
        Tensor combine = logits.softmax(2);
        int rows = checked((int)batch * _slots);
        return new SoftRouting(dispatch, _site.Config.WeightScale == 1 ? combine : combine.Times(_site.Config.WeightScale), _site.Config.ExpertCount)
        {
            Statistics = new RouterStatistics(_site.Layer, ImmutableCollectionsMarshal.AsImmutableArray(Enumerable.Repeat(rows, _site.Config.ExpertCount).ToArray()), 0),
        };
    }

    /// <inheritdoc/>
    public void AfterStep()
    {
    }

    // Padding is in no slot.
    private static Tensor Mask(Tensor logits, ReadOnlySpan<bool> used)
    {
        if (used.IsEmpty)
        {
            return logits;
        }

        float[] penalties = new float[used.Length];
        for (int token = 0; token < used.Length; token++)
        {
            penalties[token] = used[token] ? 0 : (float)Hidden;
        }

        return logits.Plus(tensor(penalties, device: logits.device).view(logits.shape[0], logits.shape[1], 1));
    }
}
