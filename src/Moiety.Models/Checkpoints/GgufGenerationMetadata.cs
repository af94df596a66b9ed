using System.Collections.Immutable;

namespace Moiety.Models.Checkpoints;

/// <summary>How text is to be generated, in GGUF metadata: llama.cpp's <c>general.sampling.*</c>, and Moiety's own for the rest.</summary>
internal static class GgufGenerationMetadata
{
    private const string Sampling = "general.sampling.";
    private const string Own = "moiety.generation.";
    private const string End = "tokenizer.ggml.eos_token_id";
    private const string OwnEnds = Own + "eos_token_ids";

    // Ends of a turn and of a message to tools, where they are not the end of the text.
    private static readonly string[] FurtherEnds = ["tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"];

    /// <summary>The wishes, or null when there are none.</summary>
    public static GenerationConfig? Read(GgufMetadata metadata)
    {
        GenerationConfig generation = new()
        {
            Sample = metadata.Boolean(Own + "do_sample"),
            Temperature = metadata.Single(Sampling + "temp"),
            TopK = metadata.Int32(Sampling + "top_k"),
            TopP = metadata.Single(Sampling + "top_p"),
            MinP = metadata.Single(Sampling + "min_p"),
            RepetitionPenalty = metadata.Single(Sampling + "penalty_repeat"),
            MaxNewTokens = metadata.Int32(Own + "max_new_tokens"),
            EosTokenIds = ReadEnds(metadata),
        };
        return generation == new GenerationConfig() ? null : generation;
    }

    /// <summary>Writes the wishes.</summary>
    public static void Write(GenerationConfig generation, GgufMetadata metadata)
    {
        metadata.Set(Own + "do_sample", generation.Sample is { } sample ? GgufValue.Of(sample) : null);
        metadata.Set(Sampling + "temp", generation.Temperature is { } temperature ? GgufValue.Of(temperature) : null);
        metadata.Set(Sampling + "top_k", generation.TopK is { } topK ? GgufValue.OfSize(topK) : null);
        metadata.Set(Sampling + "top_p", generation.TopP is { } topP ? GgufValue.Of(topP) : null);
        metadata.Set(Sampling + "min_p", generation.MinP is { } minP ? GgufValue.Of(minP) : null);
        metadata.Set(Sampling + "penalty_repeat", generation.RepetitionPenalty is { } penalty ? GgufValue.Of(penalty) : null);
        metadata.Set(Own + "max_new_tokens", generation.MaxNewTokens is { } max ? GgufValue.OfSize(max) : null);
        metadata.Set(OwnEnds, generation.EosTokenIds.IsEmpty ? null : GgufValue.Of([.. generation.EosTokenIds]));
    }

    private static ImmutableArray<int> ReadEnds(GgufMetadata metadata)
    {
        if (metadata.Int32s(OwnEnds) is { } own)
        {
            return [.. own];
        }

        int[] further = [.. FurtherEnds.Select(metadata.Int32).OfType<int>()];
        return further.Length == 0 ? [] : [.. new[] { metadata.Int32(End) }.OfType<int>().Union(further)];
    }
}
