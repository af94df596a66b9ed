using System.Runtime.InteropServices;
using Moiety.Models;
using Moiety.Models.Configuration;
using Moiety.Numerics.Randomness;
using Moiety.Training.Losses;
using Moiety.Training.Routing;
using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>
/// The experts of one layer (DeepSpeed-MoE, arXiv 2201.05596). Tokens are sorted by expert and every expert multiplies
/// its own contiguous rows: no one-hot products, no padding. With a residual branch,
/// y = c0(x) * experts(x) + c1(x) * mlp(x), [c0, c1] = softmax(x Wc + bc). Shared experts add their output, weighted by a sigmoid where
/// the model has one. A dropped token gets nothing from the experts.
/// </summary>
internal sealed class MixtureOfExperts
{
    private const int RowBlock = 32;

    private readonly MoeConfig _config;
    private readonly int _layer;
    private readonly Parameter _router;
    private readonly Parameter? _routerBias;
    private readonly Parameter? _selectionBias;
    private readonly Perceptron[] _experts;
    private readonly Perceptron? _residual;
    private readonly Parameter _coefficient;
    private readonly Parameter _coefficientBias;
    private readonly Perceptron? _shared;
    private readonly Parameter? _sharedWeight;

    /// <summary>Declares the parameters of a layer's experts.</summary>
    internal MixtureOfExperts(ParameterStore store, FeedForwardConfig config, int hidden, int layer)
    {
        _config = config.Moe!;
        _layer = layer;
        _router = store.Declare((TensorNames.Router(layer), _config.ExpertCount, hidden));
        if (_config.RouterBias)
        {
            _routerBias = store.Declare((TensorNames.RouterBias(layer), _config.ExpertCount, 0));
        }

        if (_config.SelectionBias)
        {
            _selectionBias = store.Declare((TensorNames.SelectionBias(layer), _config.ExpertCount, 0));
        }

        _experts = [.. Enumerable.Range(0, _config.ExpertCount).Select(expert => Expert(store, config.Activation, hidden, expert))];
        if (_config.Residual)
        {
            _residual = new Perceptron(
                store, config.Activation, (TensorNames.ResidualGate(layer), TensorNames.ResidualUp(layer), TensorNames.ResidualDown(layer)), [], hidden, config.IntermediateSize);
            _coefficient = store.Declare((TensorNames.Coefficient(layer), 2, hidden));
            _coefficientBias = store.Declare((TensorNames.CoefficientBias(layer), 2, 0));
        }

        if (_config.SharedIntermediateSize > 0)
        {
            _shared = new Perceptron(
                store, config.Activation, (TensorNames.SharedGate(layer), TensorNames.SharedUp(layer), TensorNames.SharedDown(layer)), [], hidden, _config.SharedIntermediateSize);
            _sharedWeight = _config.SharedGate ? store.Declare((TensorNames.SharedWeight(layer), 1, hidden)) : null;
        }
    }

    private Perceptron Expert(ParameterStore store, Activation activation, int hidden, int expert)
    {
        string[] biases = [TensorNames.ExpertGateBias(_layer, expert), TensorNames.ExpertUpBias(_layer, expert), TensorNames.ExpertDownBias(_layer, expert)];
        return new Perceptron(
            store, activation, (TensorNames.ExpertGate(_layer, expert), TensorNames.ExpertUp(_layer, expert), TensorNames.ExpertDown(_layer, expert)),
            _config.ExpertBias ? biases : [], hidden, _config.ExpertIntermediateSize);
    }

    /// <summary>Applies the layer to rows.</summary>
    /// <param name="normalized">[tokens, hidden] in F32, which the router reads.</param>
    /// <param name="input">The same in the compute type.</param>
    /// <param name="pass">The forward pass; receives the router's losses and statistics.</param>
    /// <returns>[tokens, hidden] in F32.</returns>
    internal Tensor Forward(Tensor normalized, Tensor input, ForwardPass pass)
    {
        Tensor logits = normalized.mm(_router.Value.t());
        logits = _routerBias is { } bias ? logits.Plus(bias.Value) : logits;
        Tensor scores = _config.Gating == GatingKind.Sigmoid ? logits.sigmoid() : logits.softmax(1);
        RoutingTable table = Route(scores, pass);
        if (pass.TrackRouterLosses)
        {
            // Sigmoids do not sum to 1: their shares do (DeepSeek-V3, arXiv 2412.19437, eq. 19).
            Tensor probabilities = _config.Gating == GatingKind.Sigmoid ? scores / scores.sum(1, keepdim: true).AtLeast(1e-20) : scores;
            pass.BalanceLosses.Add(LoadBalancingLoss.Compute(probabilities, table.FirstChoiceCounts));
            pass.ZLosses.Add(RouterZLoss.Compute(logits));
        }

        pass.Routers.Add(new RouterStatistics(_layer, ImmutableCollectionsMarshal.AsImmutableArray(table.ChosenCounts), table.Dropped));

        Tensor output = Dispatch(input, scores, table, pass);
        if (_residual is not null)
        {
            Tensor mix = nn.functional.linear(normalized, _coefficient.Value, _coefficientBias.Value).softmax(1);
            output = (output * mix.narrow(1, 0, 1)).Plus(_residual.Forward(input, pass) * mix.narrow(1, 1, 1));
        }

        if (_shared is not null)
        {
            Tensor shared = _shared.Forward(input, pass);
            output = output.Plus(_sharedWeight is { } weight ? shared * normalized.mm(weight.Value.t()).sigmoid() : shared);
        }

        return output;
    }

    private RoutingTable Route(Tensor scores, ForwardPass pass)
    {
        using Tensor detached = scores.detach().contiguous();
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(detached.bytes);
        int invalid = values.IndexOfAnyExceptInRange(0f, 1f);
        if (invalid >= 0)
        {
            throw new InvalidInputException(
                $"Layer {_layer}: the router gives token {invalid / _config.ExpertCount} a score of {values[invalid]}: the weights or the activations are not finite. "
                + "If this happens while training, lower the learning rate and resume from an earlier checkpoint.");
        }

        Xoshiro256 random = new(pass.Seed, purpose: 0x64726f70, (ulong)_layer);
        if (_selectionBias is null && _config.GroupTopK == _config.GroupCount)
        {
            return TopKGating.Route(values, _config.ExpertCount, _config.TopK, pass.Capacity, ref random);
        }

        float[] ranked = values.ToArray();
        GroupLimit.Apply(_config, _selectionBias is null ? [] : _selectionBias.Value.Store.Span(TensorNames.SelectionBias(_layer)), ranked);
        return TopKGating.Route(ranked, _config.ExpertCount, _config.TopK, pass.Capacity, ref random);
    }

    private Tensor Dispatch(Tensor input, Tensor scores, RoutingTable table, ForwardPass pass)
    {
        Tensor tokens = tensor(table.Tokens);
        Tensor weights = scores.flatten().index_select(0, tensor(table.ProbabilityIndices));
        if (_config.NormalizeTopK)
        {
            // Over the kept choices only: a token that lost one puts its full weight on the other.
            Tensor sums = zeros(input.shape[0], dtype: ScalarType.Float32).PlusAt(tokens, weights);
            weights = weights / sums.index_select(0, tokens).AtLeast(1e-9);
        }

        weights = _config.WeightScale == 1 ? weights : weights.Times(_config.WeightScale);

        (long[] rows, long[] counts) = pass.ComputeType == ScalarType.BFloat16 ? Pad(table) : (table.Tokens, table.KeptCounts);
        Tensor[] slices = input.index_select(0, tensor(rows)).split(counts, 0);
        List<Tensor> outputs = [];
        for (int expert = 0; expert < slices.Length; expert++)
        {
            if (table.KeptCounts[expert] > 0)
            {
                Tensor output = _experts[expert].Forward(slices[expert], pass);
                outputs.Add(counts[expert] == table.KeptCounts[expert] ? output : output.narrow(0, 0, table.KeptCounts[expert]));
            }
        }

        Tensor combined = zeros(input.shape[0], input.shape[1], dtype: ScalarType.Float32);
        return outputs.Count == 0 ? combined : combined.PlusAt(tokens, cat(outputs, 0) * weights.unsqueeze(1));
    }

    // oneDNN assembles a kernel for every shape it meets, which takes about a millisecond. Loads differ from step to step, so experts get rows
    // in multiples of a block, and soon every shape is known. The rows that fill up repeat the first one; their outputs are cut off.
    private static (long[] Rows, long[] Counts) Pad(RoutingTable table)
    {
        long[] counts = [.. table.KeptCounts.Select(count => (count + RowBlock - 1) / RowBlock * RowBlock)];
        long[] rows = new long[counts.Sum()];
        int from = 0;
        int to = 0;
        for (int expert = 0; expert < counts.Length; expert++)
        {
            int kept = (int)table.KeptCounts[expert];
            table.Tokens.AsSpan(from, kept).CopyTo(rows.AsSpan(to));
            if (kept > 0)
            {
                rows.AsSpan(to + kept, (int)counts[expert] - kept).Fill(table.Tokens[from]);
            }

            from += kept;
            to += (int)counts[expert];
        }

        return (rows, counts);
    }
}
