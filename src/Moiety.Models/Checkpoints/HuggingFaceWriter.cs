using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Models.Tokenizers;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// Writes a Hugging Face folder: <c>config.json</c>, <c>generation_config.json</c>, <c>tokenizer.json</c> and the weights in
/// one or several <c>.safetensors</c> files. The folder appears whole or not at all.
/// </summary>
public static class HuggingFaceWriter
{
    /// <summary>Writes or replaces a folder, atomically.</summary>
    /// <param name="folder">The folder; if it exists, it may hold nothing but a checkpoint.</param>
    /// <param name="config">The architecture.</param>
    /// <param name="tensors">Where the weights come from, in the order of rotary rows that <paramref name="config"/> states.</param>
    /// <param name="tokenizer">The tokenizer, or null to write none.</param>
    /// <param name="options">Format and size of the files.</param>
    /// <param name="progress">Told after each tensor.</param>
    /// <param name="cancellationToken">Stops the writing; nothing is left behind.</param>
    /// <exception cref="InvalidInputException">The configuration is invalid, a weight is not finite, the disk is full, or the folder cannot be written.</exception>
    public static void Write(
        string folder,
        ModelConfig config,
        TensorSource tensors,
        Tokenizer? tokenizer,
        HuggingFaceOptions? options = null,
        IProgress<CheckpointProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        Plan plan = MakePlan(config, tensors, options ?? new());
        AtomicFolder.Write(folder, plan.TotalBytes, HuggingFaceFiles.IsOwn,
            partial => WriteFiles(partial, plan, tensors, tokenizer, progress, cancellationToken));
    }

    private static Plan MakePlan(ModelConfig config, TensorSource tensors, HuggingFaceOptions options)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(tensors);
        ModelFamily family = ModelFamilies.ForWriting(config);
        if (options.Format is { } format && SafetensorsFormats.NameOf(format) is null)
        {
            throw new InvalidInputException($"a Hugging Face folder cannot hold {format.Name}; known: {SafetensorsFormats.Computed}. Write a GGUF file instead.");
        }

        ImmutableArray<PlannedTensor> all = PlannedTensor.Plan(config, family.HuggingFaceNamingFor(config), spec => FormatFor(spec, family, tensors, options));
        return new Plan(config, family, options, PlannedTensor.Share(all, options.MaxShardBytes), all.Sum(tensor => tensor.Declaration.ByteLength));
    }

    private static StorageFormat FormatFor(TensorSpec spec, ModelFamily family, TensorSource tensors, HuggingFaceOptions options)
    {
        if (family.KeepsRouterInSingle && spec.Role is TensorRole.Router or TensorRole.Coefficient or TensorRole.CoefficientBias)
        {
            return StorageFormats.F32;
        }

        if (options.Format is { } wanted)
        {
            return wanted;
        }

        StorageFormat found = tensors.GetFormat(spec);
        return SafetensorsFormats.NameOf(found) is null ? StorageFormats.F32 : found;
    }

    private static void WriteFiles(
        string folder, Plan plan, TensorSource tensors, Tokenizer? tokenizer, IProgress<CheckpointProgress>? progress, CancellationToken cancellationToken)
    {
        HuggingFaceFiles.WriteJson(Path.Combine(folder, HuggingFaceFiles.Config), ConfigJson(plan));
        GenerationConfigFile.Write(Path.Combine(folder, HuggingFaceFiles.Generation), plan.Options.Generation ?? new(), plan.Config);
        if (plan.Options.ChatTemplate is { } template)
        {
            ChatTemplateFiles.Write(folder, template);
        }

        if (plan.Options.Embedding is { } embedding)
        {
            EmbeddingConfigFiles.Write(folder, embedding, plan.Config.HiddenSize);
        }

        if (tokenizer is not null)
        {
            TokenizerJson.WriteFolder(tokenizer, folder);
        }

        JsonObject weightMap = [];
        long written = 0;
        for (int i = 0; i < plan.Shards.Length; i++)
        {
            string name = plan.Shards.Length == 1 ? HuggingFaceFiles.Weights : HuggingFaceFiles.Shard(i, plan.Shards.Length);
            WriteShard(Path.Combine(folder, name), plan, plan.Shards[i], tensors, finished =>
            {
                written += finished.Declaration.ByteLength;
                weightMap[finished.Declaration.Name] = name;
                progress?.Report(new CheckpointProgress(finished.Parts[^1].Tensor.Name, written, plan.TotalBytes));
            }, cancellationToken);
        }

        if (plan.Shards.Length > 1)
        {
            HuggingFaceFiles.WriteJson(Path.Combine(folder, HuggingFaceFiles.Index), new JsonObject
            {
                ["metadata"] = new JsonObject { ["total_size"] = plan.TotalBytes },
                ["weight_map"] = weightMap,
            });
        }
    }

    private static void WriteShard(
        string path, Plan plan, ImmutableArray<PlannedTensor> shard, TensorSource tensors, Action<PlannedTensor> finished, CancellationToken cancellationToken)
    {
        Dictionary<string, PlannedTensor> byName = shard.ToDictionary(tensor => tensor.Declaration.Name, StringComparer.Ordinal);
        long size = new SafetensorsWriter(Stream.Null, shard.Select(tensor => tensor.Declaration)).FileBytes;
        AtomicFile.WriteStream(path, size, stream =>
        {
            SafetensorsWriter writer = new(stream, shard.Select(tensor => tensor.Declaration));
            foreach (TensorDeclaration declaration in writer.Tensors)
            {
                PlannedTensor tensor = byName[declaration.Name];
                TensorAssembler.Write(
                    tensor,
                    tensors,
                    new TensorEncoding(part => RowOrder.For(part, plan.Config, plan.Family.HuggingFaceInterleaved)),
                    bytes => writer.Write(declaration, bytes),
                    _ => { },
                    cancellationToken);
                finished(tensor);
            }

            writer.Complete();
        });
    }

    private static JsonObject ConfigJson(Plan plan)
    {
        JsonObject json = new()
        {
            ["architectures"] = new JsonArray(plan.Family.HuggingFaceArchitecture),
            ["model_type"] = plan.Family.Name,
        };
        plan.Family.WriteHuggingFace(plan.Config, json);
        StorageFormat main = plan.Shards[0][0].Declaration.Format;
        json["torch_dtype"] = main == StorageFormats.F32 ? "float32" : main == StorageFormats.F16 ? "float16" : "bfloat16";
        return json;
    }

    private sealed record Plan(ModelConfig Config, ModelFamily Family, HuggingFaceOptions Options, ImmutableArray<ImmutableArray<PlannedTensor>> Shards, long TotalBytes);
}
