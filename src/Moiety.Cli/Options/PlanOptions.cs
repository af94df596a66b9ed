using System.Collections.Immutable;
using System.CommandLine;
using Moiety.Inference.KeyValues;
using Moiety.Models;
using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;
using Moiety.Planning.Clusters;
using Moiety.Planning.Communication;
using Moiety.Planning.Costs;
using Moiety.Planning.Layouts;
using Moiety.Planning.Serving;
using Moiety.Planning.Training;

namespace Moiety.Cli.Options;

/// <summary>What a plan is made for: the cluster, the work, and what of the layout is fixed.</summary>
internal sealed class PlanOptions
{
    private const int UsualContext = 1024;

    private readonly Option<string> _cluster = new("--cluster")
    {
        Description = $"A cluster: {ClusterPresets.Known}, with other figures after it (a100-80g,devices=128,price=2), figures alone, or a .json file; keys: {string.Join(", ", ClusterField.All.Select(field => field.Name))}",
        HelpName = "SPEC",
        DefaultValueFactory = _ => ThisMachine.Name,
    };

    private readonly Option<int?> _devices = new("--devices") { Description = "Devices in all, instead of the cluster's", HelpName = "N" };
    private readonly Option<int[]> _scale = new("--scale") { Description = "Show serving on each of these numbers of devices", HelpName = "N", AllowMultipleArgumentsPerToken = true };
    private readonly Option<int?> _tensor = new("--tensor") { Description = "Tensor-slicing degree of all but the experts [default: the fastest that fits]", HelpName = "N" };
    private readonly Option<int[]> _expertParallel = new("--expert-parallel") { Description = "Expert-parallel degree, one or one for each MoE layer [default: largest common divisor of experts and devices]", HelpName = "N", AllowMultipleArgumentsPerToken = true };
    private readonly Option<int?> _expertSlice = new("--expert-slice") { Description = "Devices that share each expert [default: 1; in serving what devices above the number of experts allow]", HelpName = "N" };
    private readonly Option<AllToAllKind?> _allToAll = new("--all-to-all") { Description = "How devices exchange tokens: flat, hierarchical or coordinated [default: the fastest]", HelpName = "KIND" };
    private readonly Option<ComputePrecision?> _precision = new("--precision") { Description = "Numbers that products run in: bf16, fp32 or fp8 [default: bf16 where the cluster has it]", HelpName = "KIND" };
    private readonly Option<double> _batch = new("--batch") { Description = "Sequences that decode at the same time for each device", HelpName = "N", DefaultValueFactory = _ => 8 };
    private readonly Option<int?> _context = new("--context", "-c") { Description = $"Tokens of each sequence so far [default: {UsualContext}, or the model's own]", HelpName = "N" };
    private readonly Option<string?> _weights = new("--weights") { Description = "Storage format of the weights when served [default: the file's own; F16 without one]", HelpName = "FORMAT" };
    private readonly Option<KeyValueFormat> _keyValues = new("--kv-format") { Description = "Storage of keys and values: f32, f16 or q8_0", HelpName = "FORMAT", DefaultValueFactory = _ => KeyValueFormat.F16 };
    private readonly Option<string?> _train = new("--train") { Description = "Plan a training on this many tokens too: 300B", HelpName = "TOKENS" };
    private readonly Option<int> _trainBatch = new("--train-batch") { Description = "Sequences of a step over all devices", HelpName = "N", DefaultValueFactory = _ => 512 };
    private readonly Option<int?> _sequence = new("--sequence") { Description = "Tokens of a sequence in training [default: 2048, or the model's own]", HelpName = "N" };
    private readonly Option<int> _microBatch = new("--micro-batch") { Description = "Sequences that a replica computes at a time in training", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<bool> _recompute = new("--recompute") { Description = "Compute activations again in the backward pass instead of keeping them" };
    private readonly Option<int> _zero = new("--zero") { Description = "What copies of a parameter share in training: 0 nothing, 1 the optimizer's states, 2 gradients too", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<double> _capacity = new("--capacity") { Description = "Factor of the rows that each expert has room for in training", HelpName = "X", DefaultValueFactory = _ => 1 };

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (ReadOnlySpan<Option>)[_cluster, _devices, _scale, _tensor, _expertParallel, _expertSlice, _allToAll, _precision, _batch, _context, _weights, _keyValues,
            _train, _trainBatch, _sequence, _microBatch, _recompute, _zero, _capacity])
        {
            command.Add(option);
        }
    }

    /// <summary>The cluster, measured where it is this machine.</summary>
    /// <exception cref="InvalidInputException">It is unknown or a figure of it does not fit.</exception>
    public Cluster ReadCluster(ParseResult parsed)
    {
        Cluster cluster = ClusterReader.Read(parsed.GetRequiredValue(_cluster));
        return parsed.GetValue(_devices) is { } devices ? WithDevices(cluster, devices) : cluster;
    }

    /// <summary>The same cluster with each of the wanted numbers of devices; empty when none were asked for.</summary>
    /// <exception cref="InvalidInputException">A number does not fit the nodes.</exception>
    public ImmutableArray<Cluster> ReadScale(ParseResult parsed, Cluster cluster) => [.. (parsed.GetValue(_scale) ?? []).Select(devices => WithDevices(cluster, devices))];

    /// <summary>What is fixed of the layout.</summary>
    public LayoutOptions ReadLayout(ParseResult parsed) => new()
    {
        Tensor = parsed.GetValue(_tensor),
        ExpertParallel = [.. parsed.GetValue(_expertParallel) ?? []],
        ExpertSlice = parsed.GetValue(_expertSlice),
    };

    /// <summary>How devices exchange tokens; null for the fastest way.</summary>
    public AllToAllKind? ReadKind(ParseResult parsed) => parsed.GetValue(_allToAll);

    /// <summary>What a served model does.</summary>
    /// <exception cref="InvalidInputException">A figure is out of range.</exception>
    public ServingWorkload ReadServing(ParseResult parsed, PlannedModel model, Cluster cluster)
    {
        ServingWorkload workload = new()
        {
            SequencesPerDevice = parsed.GetValue(_batch),
            Context = parsed.GetValue(_context) ?? Math.Min(UsualContext, model.Cost.Config.ContextLength),
            Storage = ReadStorage(parsed, model),
            KeyValueBytes = parsed.GetValue(_keyValues) switch
            {
                KeyValueFormat.F32 => 4,
                KeyValueFormat.F16 => 2,
                _ => 34.0 / 32,
            },
            Precision = ReadPrecision(parsed, cluster),
        };
        workload.Validate();
        return workload;
    }

    /// <summary>The training, or null when none was asked for.</summary>
    /// <exception cref="InvalidInputException">A figure is out of range.</exception>
    public TrainingWorkload? ReadTraining(ParseResult parsed, ModelConfig config, Cluster cluster)
    {
        if (parsed.GetValue(_train) is not { } tokens)
        {
            return null;
        }

        TrainingWorkload workload = new()
        {
            Tokens = Quantity.Count("--train", tokens),
            BatchSequences = parsed.GetValue(_trainBatch),
            SequenceLength = parsed.GetValue(_sequence) ?? Math.Min(2048, config.ContextLength),
            MicroBatch = parsed.GetValue(_microBatch),
            Recompute = parsed.GetValue(_recompute),
            ZeroStage = parsed.GetValue(_zero),
            CapacityFactor = parsed.GetValue(_capacity),
            Precision = ReadPrecision(parsed, cluster),
        };
        workload.Validate();
        return workload;
    }

    private static Cluster WithDevices(Cluster cluster, int devices)
    {
        Cluster changed = cluster with { Devices = devices };
        changed.Validate();
        return changed;
    }

    private WeightStorage ReadStorage(ParseResult parsed, PlannedModel model)
    {
        if (parsed.GetValue(_weights) is not { } name)
        {
            return model.Stored ?? WeightStorage.Half;
        }

        // Blocks of any format divide this many elements.
        const int Columns = 1 << 16;
        StorageFormat format = Formats.AnyByName(name);
        double bytes = (double)format.RowBytes(Columns) / Columns;
        return new WeightStorage(bytes, bytes);
    }

    private ComputePrecision ReadPrecision(ParseResult parsed, Cluster cluster) =>
        parsed.GetValue(_precision) ?? (cluster.PeakBf16 > 0 ? ComputePrecision.Bf16 : cluster.PeakFp32 > 0 ? ComputePrecision.Fp32 : ComputePrecision.Fp8);
}
