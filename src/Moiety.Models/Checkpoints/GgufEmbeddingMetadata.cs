namespace Moiety.Models.Checkpoints;

/// <summary>How texts become vectors, in GGUF metadata: <c>pooling_type</c> as llama.cpp numbers it, and Moiety's own for the rest.</summary>
internal static class GgufEmbeddingMetadata
{
    private const int None = 0;
    private const int Mean = 1;
    private const int First = 2;
    private const int Last = 3;
    private const int Rank = 4;
    private const string Normalize = "moiety.embedding.normalize";
    private const string MaxTokens = "moiety.embedding.max_tokens";

    /// <summary>What the file says, or null when it says nothing.</summary>
    public static EmbeddingConfig? Read(GgufMetadata metadata, string architecture)
    {
        string key = $"{architecture}.pooling_type";

        // A ranking model is a classifier: its vectors are not for comparing.
        return metadata.Int32(key) is not { } type || type == Rank ? null : new EmbeddingConfig
        {
            Pooling = type switch
            {
                None => EmbeddingPooling.None,
                Mean => EmbeddingPooling.Mean,
                First => EmbeddingPooling.First,
                Last => EmbeddingPooling.Last,
                _ => throw metadata.Error(key, $"{type} is not known"),
            },
            Normalize = metadata.Boolean(Normalize),
            MaxTokens = metadata.Int32(MaxTokens),
        };
    }

    /// <summary>Writes it.</summary>
    /// <param name="embedding">How texts become vectors, or null.</param>
    /// <param name="ranks">Whether the model has a classifier, which llama.cpp must be told.</param>
    /// <param name="architecture">Prefix of the keys.</param>
    /// <param name="metadata">Where the keys go.</param>
    public static void Write(EmbeddingConfig? embedding, bool ranks, string architecture, GgufMetadata metadata)
    {
        if (ranks)
        {
            metadata.Set($"{architecture}.pooling_type", GgufValue.OfSize(Rank));
        }
        else if (embedding is not null)
        {
            metadata.Set($"{architecture}.pooling_type", GgufValue.OfSize(embedding.Pooling switch
            {
                EmbeddingPooling.Mean => Mean,
                EmbeddingPooling.First => First,
                EmbeddingPooling.Last => Last,
                _ => None,
            }));
            metadata.Set(Normalize, embedding.Normalize is { } normalize ? GgufValue.Of(normalize) : null);
            metadata.Set(MaxTokens, embedding.MaxTokens is { } most ? GgufValue.OfSize(most) : null);
        }
    }
}
