using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints.Folders;
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
        Write(folder, FolderPlan.Make(config, tensors, options ?? new()), tensors, tokenizer, progress, cancellationToken);
    }

    /// <summary>Whether a model can be written at all, for those who would find out after long work.</summary>
    /// <param name="config">The architecture.</param>
    /// <exception cref="InvalidInputException">The configuration is invalid, or its family's folders cannot express it; the message says what of it.</exception>
    public static void Check(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        ModelFamilies.ForWriting(config);
    }

    /// <summary>Writes or replaces a folder as it was planned.</summary>
    internal static void Write(
        string folder, FolderPlan plan, TensorSource tensors, Tokenizer? tokenizer, IProgress<CheckpointProgress>? progress, CancellationToken cancellationToken) =>
        AtomicFolder.Write(folder, plan.TotalBytes, HuggingFaceFiles.IsOwn,
            partial => WriteFiles(partial, plan, tensors, tokenizer, progress, cancellationToken));

    private static void WriteFiles(
        string folder, FolderPlan plan, TensorSource tensors, Tokenizer? tokenizer, IProgress<CheckpointProgress>? progress, CancellationToken cancellationToken)
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
            WriteShard(Path.Combine(folder, name), plan, plan.Shards[i], tensors, (tensor, declaration) =>
            {
                written += declaration.ByteLength;
                weightMap[declaration.Name] = name;
                progress?.Report(new CheckpointProgress(tensor.Parts[^1].Tensor.Name, written, plan.TotalBytes));
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
        string path, FolderPlan plan, ImmutableArray<FolderTensor> shard, TensorSource tensors, Action<PlannedTensor, TensorDeclaration> finished, CancellationToken cancellationToken)
    {
        Dictionary<string, FolderTensor> byName = shard
            .SelectMany(tensor => tensor.Declarations.Select(declaration => (declaration.Name, Tensor: tensor)))
            .ToDictionary(pair => pair.Name, pair => pair.Tensor, StringComparer.Ordinal);
        TensorDeclaration[] declarations = [.. shard.SelectMany(tensor => tensor.Declarations)];
        TensorEncoding encoding = new(part => RowOrder.For(part, plan.Config, plan.Family.HuggingFaceInterleaved), plan.Options.ImportanceOf);
        AtomicFile.WriteStream(path, new SafetensorsWriter(Stream.Null, declarations).FileBytes, stream =>
        {
            SafetensorsWriter writer = new(stream, declarations);
            foreach (TensorDeclaration declaration in writer.Tensors)
            {
                FolderTensor tensor = byName[declaration.Name];
                tensor.Write(
                    declaration,
                    (planned, sink) => TensorAssembler.Write(planned, tensors, encoding, sink, _ => { }, cancellationToken),
                    bytes => writer.Write(declaration, bytes));
                finished(tensor.Tensor, declaration);
            }

            writer.Complete();
        });
    }

    private static JsonObject ConfigJson(FolderPlan plan)
    {
        JsonObject json = new()
        {
            ["architectures"] = new JsonArray(plan.Family.HuggingFaceArchitecture),
            ["model_type"] = plan.Family.Name,
        };
        plan.Family.WriteHuggingFace(plan.Config, json);
        json["torch_dtype"] = plan.MainType == StorageFormats.F32 ? "float32" : plan.MainType == StorageFormats.F16 ? "float16" : "bfloat16";
        if (plan.Quantization is { } quantization)
        {
            json["quantization_config"] = quantization.DeepClone();
        }

        foreach ((string key, JsonNode? value) in plan.Options.Provenance ?? [])
        {
            json[key] = value?.DeepClone();
        }

        return json;
    }
}
