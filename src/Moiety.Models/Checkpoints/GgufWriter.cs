using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Models.Tokenizers;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// Writes a model as one GGUF file. The experts of a layer are stacked into one tensor for each projection, and rows of query
/// and key projections get the order that the family's GGUF files have.
/// </summary>
public static class GgufWriter
{
    /// <summary>Writes or replaces a file, atomically; several if <see cref="GgufOptions.MaxShardBytes"/> calls for it, each atomically.</summary>
    /// <param name="path">The file.</param>
    /// <param name="config">The architecture.</param>
    /// <param name="tensors">Where the weights come from, in the order of rotary rows that <paramref name="config"/> states.</param>
    /// <param name="tokenizer">The tokenizer, or null to write none.</param>
    /// <param name="options">Formats and descriptions.</param>
    /// <param name="progress">Told after each tensor.</param>
    /// <param name="cancellationToken">Stops the writing; nothing is left behind.</param>
    /// <returns>The files that were written.</returns>
    /// <exception cref="InvalidInputException">The configuration is invalid, a weight is not finite, the disk is full, or the file cannot be written.</exception>
    public static IReadOnlyList<string> Write(
        string path,
        ModelConfig config,
        TensorSource tensors,
        Tokenizer? tokenizer,
        GgufOptions? options = null,
        IProgress<CheckpointProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(tensors);
        options ??= new GgufOptions();
        ModelFamily family = ModelFamilies.ForWritingGguf(config);
        ImmutableArray<PlannedTensor> plan = PlannedTensor.Plan(config, family.GgufNamingFor(config), tensor => FormatFor(tensor, tensors, options));
        GgufMetadata metadata = Metadata(path, config, family, tokenizer, options, plan);
        (TensorDeclaration Declaration, ImmutableArray<float> Values)[] extras =
            [.. family.GgufTensors(config).Select(tensor => (new TensorDeclaration(tensor.Name, StorageFormats.F32, [tensor.Values.Length]), tensor.Values))];
        ImmutableArray<ImmutableArray<PlannedTensor>> shards = PlannedTensor.Share(plan, tensor => tensor.Declaration.ByteLength, options.MaxShardBytes ?? long.MaxValue);
        long total = extras.Sum(tensor => tensor.Declaration.ByteLength) + plan.Sum(tensor => tensor.Declaration.ByteLength);
        long written = 0;
        List<string> paths = [];
        try
        {
            for (int shard = 0; shard < shards.Length; shard++)
            {
                string file = shards.Length == 1 ? path : GgufShards.PathOf(path, shard, shards.Length);
                WriteFile(file, shard == 0 ? extras : [], shards[shard]);
                paths.Add(file);
            }
        }
        catch
        {
            paths.ForEach(File.Delete);
            throw;
        }

        return paths;

        void WriteFile(string file, (TensorDeclaration Declaration, ImmutableArray<float> Values)[] vectors, ImmutableArray<PlannedTensor> shard)
        {
            GgufMetadata pairs = paths.Count == 0 ? metadata : new GgufMetadata(file);
            GgufShards.Describe(pairs, paths.Count, shards.Length, extras.Length + plan.Length);
            TensorDeclaration[] declarations = [.. vectors.Select(tensor => tensor.Declaration), .. shard.Select(tensor => tensor.Declaration)];
            AtomicFile.Write(file, new GgufFileWriter(Stream.Null, pairs, declarations).FileBytes, stream =>
            {
                GgufFileWriter writer = new(stream, pairs, declarations);
                foreach ((TensorDeclaration declaration, ImmutableArray<float> values) in vectors)
                {
                    writer.Write(declaration, MemoryMarshal.AsBytes(values.AsSpan()));
                    written += declaration.ByteLength;
                }

                foreach (PlannedTensor tensor in shard)
                {
                    TensorAssembler.Write(
                        tensor,
                        tensors,
                        new TensorEncoding(part => RowOrder.For(part, config, family.GgufInterleaved), options.ImportanceOf),
                        bytes =>
                        {
                            writer.Write(tensor.Declaration, bytes);
                            written += bytes.Length;
                        },
                        part => progress?.Report(new CheckpointProgress(part.Name, written, total)),
                        cancellationToken);
                }

                writer.Complete();
            });
        }
    }

    private static StorageFormat FormatFor(TensorSpec tensor, TensorSource tensors, GgufOptions options) =>
        tensor.IsVector || tensor.Role is TensorRole.Router or TensorRole.Coefficient or TensorRole.PositionEmbedding or TensorRole.TokenTypeEmbedding
            or TensorRole.RelativeBias or TensorRole.RelativeEmbedding
            ? StorageFormats.F32
            : options.FormatFor?.Invoke(tensor) ?? tensors.GetFormat(tensor);

    private static GgufMetadata Metadata(
        string path, ModelConfig config, ModelFamily family, Tokenizer? tokenizer, GgufOptions options, ImmutableArray<PlannedTensor> plan)
    {
        StorageFormat main = plan.GroupBy(tensor => tensor.Declaration.Format).MaxBy(group => group.Sum(tensor => tensor.Declaration.ByteLength))!.Key;
        GgufMetadata metadata = new(path);
        metadata.Set("general.architecture", GgufValue.Of(family.GgufArchitecture));
        metadata.Set("general.type", GgufValue.Of("model"));
        if (options.Name is { } name)
        {
            metadata.Set("general.name", GgufValue.Of(name));
        }

        metadata.Set("general.file_type", GgufValue.Of(GgufTypes.FileTypeOf(main)));
        if (plan.Any(tensor => tensor.Declaration.Format.BlockLength > 1))
        {
            metadata.Set("general.quantization_version", GgufValue.Of(2u));
        }

        family.WriteGguf(config, metadata);
        GgufTokenizerMetadata.Write(tokenizer is null ? null : GgufTokenizer.ToGguf(tokenizer), metadata);
        GgufSpecialTokens.Write(config, tokenizer is not null, metadata);
        GgufGenerationMetadata.Write(options.Generation ?? new(), metadata);
        GgufChatTemplate.Write(options.ChatTemplate, metadata);
        GgufEmbeddingMetadata.Write(options.Embedding, config.Classifier is not null, family.GgufArchitecture, metadata);
        return metadata;
    }
}
