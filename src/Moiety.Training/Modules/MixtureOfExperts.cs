using Moiety.Models.Configuration;
using Moiety.Training.Routing;
using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>
/// The experts of one layer (DeepSpeed-MoE, arXiv 2201.05596). A gate says which rows every expert multiplies; they are contiguous:
/// no one-hot products, no buffers of the capacity's size. With a residual branch,
/// y = c0(x) * experts(x) + c1(x) * mlp(x), [c0, c1] = softmax(x Wc + bc). Shared experts add their output, weighted by a sigmoid where
/// the model has one. A dropped token gets nothing from the experts.
/// </summary>
internal sealed class MixtureOfExperts
{
    private const int LargestRowBlock = 32;

    private readonly MoeConfig _config;
    private readonly int _layer;
    private readonly IGate _gate;
    private readonly Parameter? _router;
    private readonly Parameter? _routerBias;
    private readonly Perceptron[] _experts;
    private readonly Perceptron? _residual;
    private readonly Parameter _coefficient;
    private readonly Parameter _coefficientBias;
    private readonly Perceptron? _shared;
    private readonly Parameter? _sharedWeight;

    /// <summary>Declares the parameters of a layer's experts.</summary>
    /// <param name="store">Where they live.</param>
    /// <param name="config">The layer.</param>
    /// <param name="hidden">Width of input and output.</param>
    /// <param name="layer">Number of the layer.</param>
    /// <param name="gate">What routes the tokens, or null for what the layer's configuration describes.</param>
    /// <param name="vocabulary">Token ids of the model, for gates that go by them.</param>
    internal MixtureOfExperts(ParameterStore store, FeedForwardConfig config, int hidden, int layer, GateOptions? gate = null, int vocabulary = 0)
    {
        _config = config.Moe!;
        _layer = layer;
        gate ??= GateRegistry.DefaultFor(_config);
        if (gate.Kind.RouterRows(_config) is > 0 and int rows)
        {
            _router = store.Declare((TensorNames.Router(layer), rows, hidden));
        }

        if (_config.RouterBias)
        {
            _routerBias = store.Declare((TensorNames.RouterBias(layer), _config.ExpertCount, 0));
        }

        if (_config.SelectionBias)
        {
            store.Declare((TensorNames.SelectionBias(layer), _config.ExpertCount, 0));
        }

        _gate = gate.Kind.Create(gate, new GateSite(store, _config, hidden, layer, vocabulary));

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
        ExpertRouting routing = _gate.Route(new GateInput
        {
            Rows = normalized,
            Router = Logits,
            TokenIds = pass.TokenIds,
            Layer = _layer,
            Capacity = pass.Capacity,
            IsTraining = pass.TrainsRouters,
            Progress = pass.Progress,
            Used = pass.UsedTokens,
            Seed = pass.Seed,
        });
        pass.RouterLosses.AddRange(routing.Losses);
        if (pass.Adapter is not { Options.IsRouted: true })
        {
            // Otherwise the routers of the adapter report: they are what is trained.
            pass.Routers.Add(routing.Statistics);
        }

        Tensor output = Multiply(input, routing, pass);
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

    /// <summary>What the gate starts with.</summary>
    internal void InitializeGate(GateStart start) => _gate.Initialize(start);

    /// <summary>What the gate does between optimizer steps.</summary>
    internal void AfterStep() => _gate.AfterStep();

    private Tensor Logits(Tensor rows)
    {
        Tensor logits = rows.mm(_router!.Value.Value.t());
        return _routerBias is { } bias ? logits.Plus(bias.Value) : logits;
    }

    // oneDNN assembles a kernel for every shape it meets, which takes about a millisecond. Loads differ from step to step, so experts get rows
    // in multiples of a block, and soon every shape is known. The block is an eighth of an even share, so that what fills up costs little.
    private Tensor Multiply(Tensor input, ExpertRouting routing, ForwardPass pass)
    {
        long share = routing.RowCounts.Sum() / (8L * routing.RowCounts.Count);
        int block = (int)Math.Clamp(System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)share), 4, LargestRowBlock);
        ExpertRows rows = routing.Gather(input, pass.ComputeType == ScalarType.BFloat16 ? block : 1);
        Tensor[] slices = rows.Rows.split(rows.Counts, 0);
        List<Tensor> outputs = [];
        for (int expert = 0; expert < slices.Length; expert++)
        {
            long count = routing.RowCounts[expert];
            if (count > 0)
            {
                Tensor output = _experts[expert].Forward(slices[expert], pass);
                outputs.Add(rows.Counts[expert] == count ? output : output.narrow(0, 0, count));
            }
        }

        return outputs.Count == 0
            ? zeros(input.shape[0], input.shape[1], dtype: ScalarType.Float32, device: input.device)
            : routing.Combine(cat(outputs, 0), input.shape[0]);
    }
}
