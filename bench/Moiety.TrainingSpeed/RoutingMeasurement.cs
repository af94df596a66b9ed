using Moiety.Training.Modules;
using Moiety.Training.Routing;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.TrainingSpeed;

/// <summary>
/// Gating, dispatch and combination of one layer, forward and backward in F32, with experts that do nothing: once as the trainer does it,
/// by a table sorted by expert, and once as one-hot products (GShard, arXiv 2006.16668, algorithm 1). Top-1, capacity factor 1.25, the
/// earliest tokens are kept.
/// </summary>
internal sealed class RoutingMeasurement : IDisposable
{
    private static readonly ExpertCapacity Capacity = new(1.25, 4, DropPolicy.Position);

    private readonly int _experts;
    private readonly Tensor _logits;
    private readonly Tensor _rows;
    private readonly Tensor _upstream;

    internal RoutingMeasurement(int tokens, int experts, int hidden)
    {
        _experts = experts;
        using Generator generator = new(1);
        using DisposeScope scope = NewDisposeScope();
        _logits = randn([tokens, experts], generator: generator).requires_grad_(true).DetachFromDisposeScope();
        _rows = randn([tokens, hidden], generator: generator).requires_grad_(true).DetachFromDisposeScope();
        _upstream = randn([tokens, hidden], generator: generator).DetachFromDisposeScope();
    }

    internal RoutingResult Run(int runs)
    {
        double difference = Difference();
        double[] times = ProcessorClock.Medians(runs, () => Both(Table), () => Both(OneHot));
        return new RoutingResult(
            (int)_rows.shape[0], _experts, times[0], times[1], times[1] / times[0], PeakMemory.Megabytes(() => Both(Table)), PeakMemory.Megabytes(() => Both(OneHot)), difference);
    }

    private void Both(Func<Tensor> formulation)
    {
        using DisposeScope scope = NewDisposeScope();
        formulation().backward([_upstream]);
        _logits.grad = null;
        _rows.grad = null;
    }

    private double Difference()
    {
        using DisposeScope scope = NewDisposeScope();
        return (Table() - OneHot()).abs().max().ToDouble();
    }

    private Tensor Table()
    {
        Tensor scores = _logits.softmax(1);
        float[] values = HostValues.Read(scores);
        ExpertChoices choices = ExpertChoices.Best(values, _experts, 1);
        Numerics.Randomness.Xoshiro256 random = new(1);
        choices.Limit(Capacity, values, (int)_rows.shape[0], ref random);
        RoutingTable table = choices.Sort();
        TableRouting routing = new(table, AssignmentWeights.Of(scores, table, normalize: false, scale: 1))
        {
            Statistics = new RouterStatistics(0, [.. table.ChosenCounts], table.Dropped),
        };
        return routing.Combine(routing.Gather(_rows, 1).Rows, _rows.shape[0]);
    }

    private Tensor OneHot()
    {
        long capacity = Capacity.Tokens((int)_rows.shape[0], _experts, 1);
        Tensor scores = _logits.softmax(1);
        Tensor mask = nn.functional.one_hot(scores.argmax(1), _experts);
        Tensor places = mask.cumsum(0) - 1;
        Tensor kept = mask * places.lt(capacity);
        Tensor place = nn.functional.one_hot((places * kept).sum(1), capacity).to(ScalarType.Float32);
        Tensor combine = einsum("se,sc->sec", scores * kept, place);
        Tensor dispatched = einsum("sec,sm->ecm", combine.ne(0).to(ScalarType.Float32), _rows);
        return einsum("sec,ecm->sm", combine, dispatched);
    }

    public void Dispose()
    {
        _logits.Dispose();
        _rows.Dispose();
        _upstream.Dispose();
    }
}
