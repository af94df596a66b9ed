using Moiety.Models.Configuration;

namespace Moiety.Models.Families.Layouts;

/// <summary>Where files hold the tensors of encoders in the manner of BERT.</summary>
internal static class EncoderNaming
{
    /// <summary>The names of GGUF files: norms stand after what they belong to.</summary>
    public static TensorNaming Gguf { get; } = TensorNaming.Gguf.With(
        (TensorRole.AttentionNorm, "blk.{layer}.attn_output_norm.weight"),
        (TensorRole.AttentionNormBias, "blk.{layer}.attn_output_norm.bias"),
        (TensorRole.FeedForwardNorm, "blk.{layer}.layer_output_norm.weight"),
        (TensorRole.FeedForwardNormBias, "blk.{layer}.layer_output_norm.bias"),
        (TensorRole.PositionEmbedding, new TensorLocation("position_embd.weight").WithoutUnusedPositions()));

    /// <summary>The names of Hugging Face checkpoints; saved models of a bare encoder leave out the root.</summary>
    /// <param name="root">How the names of the encoder itself begin, e.g. <c>bert.</c>.</param>
    public static TensorNaming HuggingFace(string root)
    {
        string layer = root + "encoder.layer.{layer}.";
        return TensorNaming.HuggingFace.With(
            (TensorRole.Embedding, root + "embeddings.word_embeddings.weight"),
            (TensorRole.PositionEmbedding, root + "embeddings.position_embeddings.weight"),
            (TensorRole.TokenTypeEmbedding, root + "embeddings.token_type_embeddings.weight"),
            (TensorRole.EmbeddingNorm, Weight(root + "embeddings.LayerNorm.")),
            (TensorRole.EmbeddingNormBias, Bias(root + "embeddings.LayerNorm.")),
            (TensorRole.Query, layer + "attention.self.query.weight"),
            (TensorRole.QueryBias, layer + "attention.self.query.bias"),
            (TensorRole.Key, layer + "attention.self.key.weight"),
            (TensorRole.KeyBias, layer + "attention.self.key.bias"),
            (TensorRole.Value, layer + "attention.self.value.weight"),
            (TensorRole.ValueBias, layer + "attention.self.value.bias"),
            (TensorRole.AttentionOutput, layer + "attention.output.dense.weight"),
            (TensorRole.AttentionOutputBias, layer + "attention.output.dense.bias"),
            (TensorRole.AttentionNorm, Weight(layer + "attention.output.LayerNorm.")),
            (TensorRole.AttentionNormBias, Bias(layer + "attention.output.LayerNorm.")),
            (TensorRole.Up, layer + "intermediate.dense.weight"),
            (TensorRole.UpBias, layer + "intermediate.dense.bias"),
            (TensorRole.Down, layer + "output.dense.weight"),
            (TensorRole.DownBias, layer + "output.dense.bias"),
            (TensorRole.FeedForwardNorm, Weight(layer + "output.LayerNorm.")),
            (TensorRole.FeedForwardNormBias, Bias(layer + "output.LayerNorm.")),
            (TensorRole.ClassifierDense, root + "pooler.dense.weight"),
            (TensorRole.ClassifierDenseBias, root + "pooler.dense.bias"),
            (TensorRole.ClassifierOutput, "classifier.weight"),
            (TensorRole.ClassifierOutputBias, "classifier.bias"));
    }

    // The first exports call the parameters of LayerNorm as TensorFlow does.
    private static TensorLocation Weight(string norm) => new(norm + "weight", norm + "gamma");

    private static TensorLocation Bias(string norm) => new(norm + "bias", norm + "beta");
}
