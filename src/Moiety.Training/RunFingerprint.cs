using Moiety.Models.Configuration;
using Moiety.Training.Configuration;
using Moiety.Training.Modules;
using Moiety.Training.Routing;

namespace Moiety.Training;

/// <summary>What a resumed run must share with the one that wrote the checkpoint, in fields that an error can name.</summary>
internal static class RunFingerprint
{
    /// <summary>The fields, in one line.</summary>
    /// <param name="config">The run.</param>
    /// <param name="module">Its model, with the weights that it starts from where an adapter is trained on them.</param>
    /// <param name="trainingTokens">Hash of the training corpora, or null where they do not matter.</param>
    /// <param name="distillation">The distillation's part; null without one, empty where it does not matter.</param>
    internal static string Of(TrainingConfig config, DecoderModule module, string? trainingTokens, string? distillation)
    {
        ModelConfig model = module.Config;
        string layers = string.Join(", ", model.FeedForwards.Select(LayerFingerprint.Of));
        string capacity = config.Capacity is { } drops ? FormattableString.Invariant($"{drops.Factor}/{drops.Minimum}/{drops.Policy}") : "none";
        // Fields that came later stand at the end and only where they differ from what earlier runs did, so that those resume.
        string[] gates = [.. config.Gates.Select((gate, layer) => gate is null || gate == GateRegistry.DefaultFor(model.FeedForwards[layer].Moe!) ? "" : $"gate {layer}={gate.Fingerprint}")];
        string[] adapter = config.Adapter is { } options ? [$"adapter={options.Fingerprint}", $"frozen weights={module.Store.Hash()}"] : [];
        string[] start = config.InitialModel is null ? [] : [$"family={model.Family}", $"features={string.Join('+', ConfigFeatures.Of(model))}"];
        return string.Join("; ", [.. ((FormattableString[])[
            $"hidden_size={model.HiddenSize}",
            $"heads={model.HeadCount}/{model.KeyValueHeadCount}x{model.HeadSize}",
            $"vocabulary={model.VocabularySize}",
            $"context_length={model.ContextLength}",
            $"norm_epsilon={model.NormEpsilon}",
            $"rope_theta={model.Rotary?.Theta}",
            $"tie_embeddings={model.TieWordEmbeddings}",
            $"layers=[{layers}]",
            $"training tokens={trainingTokens}",
            $"seed={config.Seed}",
            $"sequence_length={config.SequenceLength}",
            $"batch_size={config.BatchSize}",
            $"accumulation={config.Accumulation}",
            $"precision={config.Precision}",
            $"isolate_documents={config.IsolateDocuments}",
            $"capacity={capacity}",
        ]).Select(FormattableString.Invariant), .. gates.Where(gate => gate.Length > 0), .. start, .. adapter, .. distillation is null ? Array.Empty<string>() : [$"distillation={distillation}"]]);
    }
}
