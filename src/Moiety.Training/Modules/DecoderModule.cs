using System.Collections.Immutable;
using Moiety.Models;
using Moiety.Models.Configuration;
using Moiety.Training.Adapters;
using Moiety.Training.Losses;
using Moiety.Training.Native;
using Moiety.Training.Routing;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>
/// The decoder with gradients, built from the same <see cref="ModelConfig"/> as the engine's model. It computes most of what a
/// configuration can describe and refuses the rest by name (<see cref="UntrainedFeatures"/>). Parameters carry the canonical
/// <see cref="TensorNames"/>.
/// It works on token ids only, and knows nothing of text, steps or files.
/// </summary>
public sealed class DecoderModule : IDisposable
{
    private readonly TokenEmbedding _embedding;
    private readonly OutputHead _head;
    private readonly DecoderLayer[] _layers;
    private readonly Dictionary<RotaryConfig, RotaryTable> _rotaries = [];

    /// <summary>Builds the module; all parameters are zero until <see cref="Initialize(ulong)"/> or until they are loaded.</summary>
    /// <param name="config">The model.</param>
    /// <param name="gates">The gate of each layer, null in dense ones; empty for what the configuration describes.</param>
    /// <param name="device">Where it lives; the processor when null.</param>
    /// <param name="adapter">What is trained in place of the model, which is frozen then: its parameters have no gradients; or null.</param>
    /// <exception cref="InvalidInputException">The configuration has a feature that the trainer does not compute, or the adapter does not fit the model.</exception>
    public DecoderModule(ModelConfig config, ImmutableArray<GateOptions?> gates = default, TrainingDevice? device = null, AdapterOptions? adapter = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (UntrainedFeatures.Of(config).FirstOrDefault() is { } feature)
        {
            throw new InvalidInputException($"The trainer does not compute {feature}; the engine runs such models, but they cannot be trained here.");
        }

        if (!gates.IsDefaultOrEmpty && gates.Length != config.LayerCount)
        {
            throw new ArgumentException($"There are {gates.Length} gates for {config.LayerCount} layers.", nameof(gates));
        }

        TorchLibrary.EnsureLoaded();
        Config = config;
        Store = new ParameterStore(device ?? TrainingDevice.Cpu);
        _embedding = new TokenEmbedding(Store, config);
        _layers = [.. Enumerable.Range(0, config.LayerCount).Select(layer => new DecoderLayer(Store, config, RotaryOf(layer), layer, gates.IsDefaultOrEmpty ? null : gates[layer]))];
        _head = new OutputHead(Store, config, _embedding.Words);
        Adapter = adapter is null ? null : new AdapterModule(adapter, config, Store);
        Store.Allocate();
        if (adapter is not null)
        {
            Store.Freeze();
        }
    }

    /// <summary>What was built.</summary>
    public ModelConfig Config { get; }

    /// <summary>Number of parameters, those of an adapter apart.</summary>
    public long ParameterCount => Store.Count;

    /// <summary>Number of parameters that are trained: the adapter's where there is one.</summary>
    public long TrainedParameterCount => Trained.Count;

    /// <summary>Canonical names of all parameters.</summary>
    public IReadOnlyCollection<string> ParameterNames => Store.Names;

    /// <summary>The parameters, and their gradients unless they are frozen.</summary>
    internal ParameterStore Store { get; }

    /// <summary>What is trained in place of the parameters, or null.</summary>
    internal AdapterModule? Adapter { get; }

    /// <summary>What is trained: the parameters, or those of the adapter.</summary>
    internal ParameterStore Trained => Adapter?.Store ?? Store;

    /// <summary>
    /// Draws the parameters: normal with deviation 0.02, projections into the residual stream divided by sqrt(2 * layers) as in GPT-2,
    /// routers 0.01 so that early routing is near uniform, norms 1, the residual coefficients' bias 0 (both branches start at 0.5).
    /// </summary>
    /// <param name="seed">The seed.</param>
    /// <exception cref="InvalidInputException">A gate needs the counts of the tokens in a corpus.</exception>
    public void Initialize(ulong seed) => Initialize(new GateStart(seed, TokenCounts: null));

    /// <summary>As <see cref="Initialize(ulong)"/>, with what gates may use to start.</summary>
    internal void Initialize(GateStart start)
    {
        ulong seed = start.Seed;
        double scaled = 0.02 / Math.Sqrt(2.0 * Config.LayerCount);
        foreach (string name in Store.Names)
        {
            if (name.EndsWith("norm.weight", StringComparison.Ordinal))
            {
                Store.Span(name).Fill(1);
            }
            else if (name.EndsWith("bias", StringComparison.Ordinal) || name.EndsWith(".sinks", StringComparison.Ordinal) || name.EndsWith(".coefficient.weight", StringComparison.Ordinal) || name.EndsWith(".noise.weight", StringComparison.Ordinal))
            {
                Store.Span(name).Clear();
            }
            else
            {
                bool intoResidual = name.EndsWith(".o_proj.weight", StringComparison.Ordinal) || name.EndsWith(".down_proj.weight", StringComparison.Ordinal);
                bool router = name.EndsWith(".mlp.gate.weight", StringComparison.Ordinal);
                Store.FillNormal(name, seed, router ? 0.01 : intoResidual ? scaled : 0.02);
            }
        }

        foreach (DecoderLayer layer in _layers)
        {
            layer.InitializeGate(start);
        }
    }

    /// <summary>The values of a parameter, row-major, writable.</summary>
    /// <exception cref="InvalidInputException">There is no such parameter.</exception>
    public Span<float> GetParameter(string name) => Store.Span(name);

    /// <summary>Rows and columns of a parameter; a vector has one row.</summary>
    /// <exception cref="InvalidInputException">There is no such parameter.</exception>
    public (int Rows, int Columns) GetShape(string name)
    {
        (int rows, int columns) = Store.Shape(name);
        return columns == 0 ? (1, rows) : (rows, columns);
    }

    /// <summary>Logits for every position, in F32, without gradients and without drops.</summary>
    /// <param name="tokens">Token ids of one sequence, at most the context length.</param>
    /// <returns>Row-major, [tokens, vocabulary].</returns>
    /// <exception cref="InvalidInputException">The sequence is empty or too long, or an id is out of the vocabulary.</exception>
    public float[] Logits(ReadOnlySpan<int> tokens)
    {
        if (tokens.Length == 0 || tokens.Length > Config.ContextLength)
        {
            throw new InvalidInputException($"A sequence has 1 to {Config.ContextLength} tokens (the context length), not {tokens.Length}.");
        }

        int invalid = tokens.IndexOfAnyExceptInRange(0, Config.VocabularySize - 1);
        if (invalid >= 0)
        {
            throw new InvalidInputException($"Token {tokens[invalid]} at position {invalid} is not in the vocabulary of {Config.VocabularySize}.");
        }

        using IDisposable guard = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor ids = tensor(tokens.ToArray().Select(id => (long)id).ToArray()).view(1, tokens.Length);
        ForwardPass pass = new(ComputePrecision.F32, capacity: null, seed: 0, trackRouterLosses: false);
        return HostValues.Read(_head.Logits(Forward(ids, pass), pass));
    }

    /// <summary>What the head's product reads: the final hidden states, normalized and projected where the model does so.</summary>
    /// <param name="tokens">[batch, length], int64.</param>
    /// <param name="pass">The forward pass.</param>
    /// <returns>[batch * length, width of the embedding], F32.</returns>
    internal Tensor Forward(Tensor tokens, ForwardPass pass)
    {
        if (pass.IsolatesDocuments)
        {
            pass.IsolateDocuments(tokens, Config.EosTokenIds[0]);
        }

        Store.Upload();
        Adapter?.Store.Upload();
        pass.TokenIds = tokens;
        pass.Adapter = Adapter;
        Tensor residual = _embedding.Forward(tokens, pass);
        foreach (DecoderLayer layer in _layers)
        {
            residual = layer.Forward(residual, tokens.shape[0], pass);
        }

        return _head.Input(residual, pass);
    }

    /// <summary>The logits of some rows of what <see cref="Forward"/> gave, in the type of the pass.</summary>
    internal Tensor HeadLogits(Tensor hidden, ForwardPass pass) => _head.Logits(hidden, pass);

    /// <summary>Gives up the gradients: the module only computes from now on, and holds half the memory.</summary>
    internal void Freeze() => Store.Freeze();

    /// <summary>One micro-batch of training: forward, losses, and gradients added to the store.</summary>
    /// <param name="tokens">[batch, length], int64.</param>
    /// <param name="labels">[batch * length], int64: the token after each position.</param>
    /// <param name="pass">The forward pass.</param>
    /// <param name="options">Weights of the losses and of this micro-batch within the step.</param>
    /// <param name="headLoss">What the logits are trained with; the labels alone when null.</param>
    internal TrainingPassResult ForwardBackward(Tensor tokens, Tensor labels, ForwardPass pass, LossWeights options, IHeadLoss? headLoss = null)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor hidden = Forward(tokens, pass);
        (HeadLoss loss, Tensor hiddenGradient) = _head.Train(hidden.detach(), labels, pass, headLoss ?? LabelLoss.Instance, options.MicroBatchShare / labels.shape[0]);
        if (pass.RouterLosses.Count == 0)
        {
            hidden.backward([hiddenGradient]);
            return new TrainingPassResult(loss.CrossEntropy, 0, [], [.. pass.Routers]) { DistillationSum = loss.Distillation };
        }

        (Tensor auxiliary, ImmutableArray<RouterLossMean> means) = options.Weigh(pass.RouterLosses);
        autograd.backward([hidden, auxiliary.Times(options.MicroBatchShare)], [hiddenGradient, ones_like(auxiliary)]);
        return new TrainingPassResult(loss.CrossEntropy, auxiliary.ToDouble(), means, [.. pass.Routers]) { DistillationSum = loss.Distillation };
    }

    /// <summary>What the gates do between optimizer steps; once after each of them.</summary>
    internal void AfterStep()
    {
        foreach (DecoderLayer layer in _layers)
        {
            layer.AfterStep();
        }
    }

    /// <summary>The sum of the cross-entropy over all labels, without gradients.</summary>
    internal double CrossEntropySum(Tensor tokens, Tensor labels, ForwardPass pass)
    {
        using IDisposable guard = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return _head.CrossEntropySum(Forward(tokens, pass), labels, pass);
    }

    private RotaryTable? RotaryOf(int layer)
    {
        if (Config.AttentionOf(layer).Rotary is not { } rotary)
        {
            return null;
        }

        if (!_rotaries.TryGetValue(rotary, out RotaryTable? table))
        {
            table = new RotaryTable(rotary, Config.Attention.Latent?.RotaryHeadSize ?? Config.HeadSize, Config.ContextLength, Store.Device);
            _rotaries.Add(rotary, table);
        }

        return table;
    }

    /// <summary>Frees parameters and gradients.</summary>
    public void Dispose()
    {
        Store.Dispose();
        Adapter?.Dispose();
        foreach (RotaryTable rotary in _rotaries.Values)
        {
            rotary.Dispose();
        }
    }
}
