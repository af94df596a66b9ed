using System.Collections.Immutable;
using Moiety.Models;
using Moiety.Models.Adapters;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;
using Moiety.Training.Configuration;
using Moiety.Training.Distillation;
using Moiety.Training.Modules;
using Moiety.Training.Routing;

namespace Moiety.Training;

/// <summary>
/// What a run makes, but for its steps: the model's configuration and tokenizer, from a configuration file alone or from the checkpoint
/// that the run starts from; the first weights; and the folder that is exported.
/// </summary>
internal sealed class TrainedModel
{
    private readonly TrainingConfig _config;
    private readonly HuggingFaceOptions _options;

    private TrainedModel(TrainingConfig config, ModelConfig model, Tokenizer tokenizer, HuggingFaceOptions options)
    {
        _config = config;
        _options = options;
        Config = model;
        Tokenizer = tokenizer;
    }

    /// <summary>The architecture, with vocabulary and end tokens.</summary>
    internal ModelConfig Config { get; }

    /// <summary>The tokenizer of the corpora and of the exported model.</summary>
    internal Tokenizer Tokenizer { get; }

    /// <summary>Reads tokenizer and configuration; no weights.</summary>
    /// <exception cref="InvalidInputException">
    /// One of the two is missing or malformed, they do not fit each other, or the result could not be exported.
    /// </exception>
    internal static TrainedModel Prepare(TrainingConfig config)
    {
        Tokenizer? given = config.TokenizerPath is { } path ? ReadTokenizer(path) : null;
        if (config.InitialModel is null)
        {
            if (config.Adapter is not null)
            {
                throw new InvalidInputException("adapter: an adapter is trained on a model that exists; name it in \"init\".");
            }

            Tokenizer tokenizer = given ?? throw new InvalidInputException("data.tokenizer: missing; a model that starts from random weights has no tokenizer of its own. Make one with: moiety tokenizer train");
            ModelConfig model = config.Model with
            {
                VocabularySize = tokenizer.VocabularySize,
                BosTokenId = tokenizer.BosTokenId,
                EosTokenIds = tokenizer.EosTokenIds,
            };
            HuggingFaceWriter.Check(model); // Rather now than after the training.
            return new TrainedModel(config, model, tokenizer, new HuggingFaceOptions());
        }

        using Checkpoint initial = Checkpoint.Open(config.InitialModel);
        Tokenizer own = given ?? initial.Tokenizer
            ?? throw new InvalidInputException($"{initial.Path}: the model to start from carries no tokenizer; name one in data.tokenizer.");
        ModelConfig completed = Complete(initial, own);
        if (config.Adapter is null)
        {
            HuggingFaceWriter.Check(completed); // Rather now than after the training.
        }

        return new TrainedModel(config, completed, own, new HuggingFaceOptions { Generation = initial.Generation, ChatTemplate = initial.ChatTemplate });
    }

    /// <summary>The module, without weights.</summary>
    /// <param name="device">Where it lives; the processor when null.</param>
    /// <exception cref="InvalidInputException">The trainer does not compute the model, or the adapter does not fit it.</exception>
    internal DecoderModule CreateModule(TrainingDevice? device = null) => new(Config, _config.Gates, device, _config.Adapter);

    /// <summary>
    /// Gives a module its first weights: those of the checkpoint to start from, or random ones. A resumed run takes what it trains from its
    /// own checkpoint and only needs what is frozen.
    /// </summary>
    /// <param name="module">The module.</param>
    /// <param name="isResumed">Whether what is trained comes from a checkpoint of the run.</param>
    /// <param name="tokenCounts">Counts the tokens of the training corpus, for gates that ask for it; or null.</param>
    /// <exception cref="InvalidInputException">The checkpoint lacks a tensor, or a weight is not finite.</exception>
    internal void Start(DecoderModule module, bool isResumed, Func<long[]>? tokenCounts = null)
    {
        if (isResumed && module.Adapter is null)
        {
            return;
        }

        module.Adapter?.Initialize((ulong)_config.Seed);
        GateStart start = new((ulong)_config.Seed, tokenCounts);
        if (_config.InitialModel is null)
        {
            module.Initialize(start);
            return;
        }

        using Checkpoint initial = Checkpoint.Open(_config.InitialModel);
        initial.VerifyFinite();
        if (TorchCheckpointLoader.Served(module).Count() < module.ParameterNames.Count)
        {
            module.Initialize(start);
        }

        TorchCheckpointLoader.Fill(module, initial);
    }

    /// <summary>Why the trained model cannot be exported for the engine, or null when it can.</summary>
    internal string? ExportObstacle => _config.Gates.Index().FirstOrDefault(layer => layer.Item is { Kind.IsServed: false }) is (var layer, { } gate)
        ? $"Layer {layer}: a model with the gate \"{gate.Kind.Name}\" cannot be exported: it routes a token by later tokens, which a causal server does not have. Its checkpoints and metrics stay."
        : null;

    /// <summary>
    /// Writes a module as a Hugging Face folder of the model's family, in F32, with the tokenizer and what else the start had; an adapter as
    /// its own folder.
    /// </summary>
    /// <param name="module">The module.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="distillation">Where the distillation is, for <c>config.json</c> to say; null without one.</param>
    /// <param name="cancellationToken">Stops the writing.</param>
    /// <exception cref="InvalidInputException">There is an obstacle, or the folder cannot be written.</exception>
    internal void Export(DecoderModule module, string folder, DistillationState? distillation, CancellationToken cancellationToken)
    {
        if (module.Adapter is { } adapter)
        {
            PeftAdapterOptions options = new(_config.InitialModel!, adapter.Options.Targets, adapter.Options.Dropout);
            PeftAdapterWriter.Write(folder, Config, adapter.ToAdapter(folder), options, cancellationToken);
            return;
        }

        if (ExportObstacle is { } obstacle)
        {
            throw new InvalidInputException(obstacle);
        }

        HuggingFaceWriter.Write(
            folder,
            Config,
            TensorSource.From((tensor, destination) => module.GetParameter(tensor.Name).CopyTo(destination)),
            Tokenizer,
            distillation is null ? _options : _options with { Provenance = Distiller.Provenance(_config.Distillation!, distillation) },
            cancellationToken: cancellationToken);
    }

    // The vocabulary may be larger than the tokenizer's (published models pad it). Documents end with the tokenizer's first end token,
    // which therefore goes first.
    private static ModelConfig Complete(Checkpoint initial, Tokenizer tokenizer)
    {
        ModelConfig model = initial.Config;
        if (tokenizer.VocabularySize > model.VocabularySize)
        {
            throw new InvalidInputException(
                $"data.tokenizer: it has {tokenizer.VocabularySize} tokens, the model to start from ({initial.Path}) only {model.VocabularySize}. Leave it out to use the model's own.");
        }

        ImmutableArray<int> ends = tokenizer.EosTokenIds;
        return ends.IsEmpty ? model : model with { EosTokenIds = [ends[0], .. model.EosTokenIds.Where(end => end != ends[0])] };
    }

    private static Tokenizer ReadTokenizer(string path)
    {
        if (Directory.Exists(path))
        {
            return TokenizerJson.ReadFolder(path);
        }

        if (!File.Exists(path))
        {
            throw new InvalidInputException($"data.tokenizer: {path}: there is no such file or folder; make one with: moiety tokenizer train");
        }

        return Path.GetFileName(path) == TokenizerJson.FileName
            ? TokenizerJson.ReadFolder(Path.GetDirectoryName(path)!)
            : TokenizerJson.Read(File.ReadAllBytes(path), config: null, path);
    }
}
