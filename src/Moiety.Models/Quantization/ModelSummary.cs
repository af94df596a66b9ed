using System.Collections.Immutable;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Quantization;

/// <summary>The figures of a model: parameters, bytes, memory. What <c>moiety inspect</c> prints.</summary>
public sealed record ModelSummary
{
    private const int HalfBytes = 2;
    private readonly ModelConfig _config;

    private ModelSummary(ModelConfig config) => _config = config;

    /// <summary>All parameters. A tied head is counted once.</summary>
    public required long Parameters { get; init; }

    /// <summary>
    /// Parameters that one token's forward pass multiplies with: all but the experts that it does not visit. Of an untied
    /// embedding only one row is looked up, so it is left out; a tied one counts as the head.
    /// </summary>
    public required long ActiveParameters { get; init; }

    /// <summary>Parameters of each part.</summary>
    public required ImmutableSortedDictionary<ModelPart, long> ParametersByPart { get; init; }

    /// <summary>Those of <see cref="ActiveParameters"/> in each part.</summary>
    public required ImmutableSortedDictionary<ModelPart, long> ActiveParametersByPart { get; init; }

    /// <summary>Bytes of the weights in each storage format, most precise format first; empty without a checkpoint.</summary>
    public required ImmutableArray<(StorageFormat Format, long Bytes)> BytesByFormat { get; init; }

    /// <summary>Bytes of the weights that one token's forward pass reads, see <see cref="ActiveParameters"/>; 0 without a checkpoint.</summary>
    public long ActiveWeightBytes { get; init; }

    /// <summary>Bytes of all weights; 0 without a checkpoint.</summary>
    public long WeightBytes => BytesByFormat.Sum(entry => entry.Bytes);

    /// <summary>Bytes that one token adds to a key-value cache of half precision.</summary>
    public long KeyValueBytesPerToken => (long)HalfBytes * _config.LayerCount * (_config.Attention.Latent is { } latent
        ? latent.KeyValueRank + latent.RotaryHeadSize
        : 2L * _config.KeyValueHeadCount * _config.HeadSize);

    /// <summary>Experts of all layers, and those that one token visits; shared experts are not counted.</summary>
    public (int Total, int Active) Experts => (
        _config.FeedForwards.Sum(layer => layer.Moe?.ExpertCount ?? 0), _config.FeedForwards.Sum(layer => layer.Moe?.TopK ?? 0));

    /// <summary>Summarizes an opened checkpoint.</summary>
    public static ModelSummary From(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        Dictionary<StorageFormat, long> bytes = [];
        foreach (string name in checkpoint.TensorNames)
        {
            TensorDescription tensor = checkpoint.Describe(name);
            bytes[tensor.Format] = bytes.GetValueOrDefault(tensor.Format) + tensor.ByteLength;
        }

        return From(checkpoint.Config) with
        {
            BytesByFormat = [.. StorageFormats.All.Where(bytes.ContainsKey).Select(format => (format, bytes[format]))],
            ActiveWeightBytes = TensorCatalog.For(checkpoint.Config)
                .Where(tensor => IsActive(tensor, checkpoint.Config))
                .Sum(tensor => checkpoint.Describe(tensor.Name).ByteLength),
        };
    }

    /// <summary>Summarizes an architecture without weights.</summary>
    public static ModelSummary From(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        SortedDictionary<ModelPart, long> parts = [];
        SortedDictionary<ModelPart, long> active = [];
        foreach (TensorSpec tensor in TensorCatalog.For(config))
        {
            ModelPart part = PartOf(tensor.Role);
            parts[part] = parts.GetValueOrDefault(part) + tensor.ElementCount;
            active[part] = active.GetValueOrDefault(part) + (IsActive(tensor, config) ? tensor.ElementCount : 0);
        }

        return new ModelSummary(config)
        {
            Parameters = parts.Values.Sum(),
            ActiveParameters = active.Values.Sum(),
            ParametersByPart = parts.ToImmutableSortedDictionary(),
            ActiveParametersByPart = active.ToImmutableSortedDictionary(),
            BytesByFormat = [],
        };
    }

    /// <summary>Bytes for the weights and a half-precision key-value cache of one sequence.</summary>
    /// <param name="contextLength">Tokens of the sequence.</param>
    public long MemoryBytes(int contextLength) => WeightBytes + (KeyValueBytesPerToken * contextLength);

    /// <summary>Whether one token's forward pass multiplies with a tensor; the first k experts of a layer stand for those that it visits.</summary>
    public static bool IsActive(TensorSpec tensor, ModelConfig config) => tensor.Role switch
    {
        TensorRole.Embedding => config is { TieWordEmbeddings: true, IsEncoder: false },

        // All experts of a layer are alike, so the first k stand for those that are visited.
        _ when tensor.Expert >= 0 => tensor.Expert < config.FeedForwards[tensor.Layer].Moe!.TopK,

        // Looked up, not multiplied with.
        TensorRole.PositionEmbedding or TensorRole.TokenTypeEmbedding or TensorRole.ExpertTable => false,
        _ => true,
    };

    /// <summary>The part of the model that a tensor belongs to.</summary>
    public static ModelPart PartOf(TensorRole role) => role switch
    {
        TensorRole.Embedding or TensorRole.Head or TensorRole.HeadBias or TensorRole.PositionEmbedding or TensorRole.TokenTypeEmbedding
            or TensorRole.EmbeddingProjection or TensorRole.HeadProjection
            or TensorRole.ClassifierDense or TensorRole.ClassifierDenseBias or TensorRole.ClassifierOutput or TensorRole.ClassifierOutputBias => ModelPart.Embedding,
        TensorRole.Query or TensorRole.Key or TensorRole.Value or TensorRole.AttentionOutput
            or TensorRole.QueryBias or TensorRole.KeyBias or TensorRole.ValueBias or TensorRole.AttentionOutputBias or TensorRole.AttentionSinks
            or TensorRole.QueryDown or TensorRole.KeyValueDown or TensorRole.KeyValueUp
            or TensorRole.RelativeBias or TensorRole.RelativeEmbedding or TensorRole.RelativeKey or TensorRole.RelativeKeyBias
            or TensorRole.RelativeQuery or TensorRole.RelativeQueryBias => ModelPart.Attention,
        TensorRole.ExpertGate or TensorRole.ExpertUp or TensorRole.ExpertDown
            or TensorRole.ExpertGateBias or TensorRole.ExpertUpBias or TensorRole.ExpertDownBias => ModelPart.Experts,
        TensorRole.SharedGate or TensorRole.SharedUp or TensorRole.SharedDown or TensorRole.SharedWeight => ModelPart.SharedExperts,
        TensorRole.Router or TensorRole.RouterBias or TensorRole.SelectionBias or TensorRole.ExpertTable => ModelPart.Router,
        TensorRole.AttentionNorm or TensorRole.FeedForwardNorm or TensorRole.FinalNorm or TensorRole.EmbeddingNorm
            or TensorRole.AttentionNormBias or TensorRole.FeedForwardNormBias or TensorRole.FinalNormBias or TensorRole.EmbeddingNormBias
            or TensorRole.AttentionOutputNorm or TensorRole.FeedForwardOutputNorm or TensorRole.QueryNorm or TensorRole.KeyNorm
            or TensorRole.QueryDownNorm or TensorRole.KeyValueDownNorm or TensorRole.RelativeEmbeddingNorm or TensorRole.RelativeEmbeddingNormBias
            or TensorRole.ConvolutionNorm or TensorRole.ConvolutionNormBias => ModelPart.Norms,
        _ => ModelPart.Dense,
    };
}
