using Moiety.Models.Configuration;
using Moiety.Training.Modules;
using Moiety.Training.Routing;
using static TorchSharp.torch;

namespace Moiety.Training.Adapters;

/// <summary>
/// Σ_i g_i(x) alpha / rank * B_i A_i x over the experts that the matrix's own router chooses. The experts of all tokens are computed together
/// and weighed by 0 where they are not chosen: ranks are so small that sorting rows by expert would cost more than it saves. The router
/// reads F32 and gets its gradient through the weights; what is not chosen gets none.
/// </summary>
internal sealed class RoutedUpdate : AdapterUpdate
{
    // As the routers of layers: early routing is near uniform.
    private const double RouterDeviation = 0.01;

    private readonly AdapterOptions _options;
    private readonly Parameter _router;
    private readonly IGate _gate;

    /// <summary>Declares the factors and the router of a matrix.</summary>
    internal RoutedUpdate(ParameterStore store, AdapterOptions options, TensorSpec tensor, int index)
        : base(store, options, tensor, index, options.Experts * options.Rank)
    {
        _options = options;
        _router = store.Declare((RouterName(tensor.Name), options.Experts, tensor.Columns));
        MoeConfig experts = new() { ExpertCount = options.Experts, TopK = options.TopK, ExpertIntermediateSize = options.Rank, NormalizeTopK = options.NormalizeTopK };
        GateOptions gate = GateRegistry.DefaultFor(experts);
        _gate = gate.Kind.Create(gate, new GateSite(store, experts, tensor.Columns, tensor.Layer));
    }

    /// <inheritdoc/>
    internal override void Initialize(ParameterStore store, ulong seed)
    {
        base.Initialize(store, seed);
        store.FillNormal(RouterName(Tensor.Name), seed, RouterDeviation);
    }

    /// <inheritdoc/>
    internal override Tensor Of(Tensor input, ForwardPass pass)
    {
        TableRouting routing = (TableRouting)_gate.Route(new GateInput
        {
            Rows = input.to(ScalarType.Float32),
            Router = rows => rows.mm(_router.Value.t()),
            TokenIds = pass.TokenIds,
            Layer = Tensor.Layer,
            IsTraining = pass.TrackRouterLosses,
            Progress = pass.Progress,
            Used = pass.UsedTokens,
            Seed = pass.Seed,
        });
        pass.RouterLosses.AddRange(routing.Losses);
        pass.Routers.Add(routing.Statistics);

        long rows = input.shape[0];
        Tensor weights = zeros(rows * _options.Experts, dtype: ScalarType.Float32, device: input.device)
            .PlusAt(tensor(routing.Table.ProbabilityIndices, device: input.device), routing.Weights)
            .view(rows, _options.Experts, 1);
        Tensor inner = pass.Project(Drop(input, pass), First).view(rows, _options.Experts, _options.Rank);
        Tensor weighed = pass.Cast(inner * weights.Times(_options.Scale)).view(rows, -1);
        return pass.Project(weighed, Second);
    }
}
