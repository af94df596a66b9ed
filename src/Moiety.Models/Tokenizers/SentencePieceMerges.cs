using System.Collections.Immutable;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// Turns scores of pieces into a list of merges and back, which is what converting between GGUF and Hugging Face folders needs.
/// </summary>
internal static class SentencePieceMerges
{
    /// <summary>The merges of a tokenizer in the order of their rank, made from its scores when it has no list.</summary>
    public static ImmutableArray<BpeMerge> Of(SentencePieceBpeTokenizer tokenizer) => tokenizer.Scores.IsEmpty
        ? tokenizer.Merges
        : [.. tokenizer.MergesByScore().OrderBy(ranked => ranked.Rank).ThenBy(ranked => ranked.Merge.Left).ThenBy(ranked => ranked.Merge.Right)
            .Select(ranked => ranked.Merge)];

    /// <summary>
    /// The scores of a tokenizer's pieces, made from its list of merges when it has none: minus the rank of the first merge that gives the
    /// piece; pieces that no merge gives come last.
    /// </summary>
    public static ImmutableArray<float> ScoresOf(SentencePieceBpeTokenizer tokenizer)
    {
        if (!tokenizer.Scores.IsEmpty)
        {
            return tokenizer.Scores;
        }

        float[] scores = new float[tokenizer.VocabularySize];
        Array.Fill(scores, -tokenizer.Merges.Length);
        for (int rank = tokenizer.Merges.Length - 1; rank >= 0; rank--)
        {
            scores[tokenizer.Merges[rank].Result] = -rank;
        }

        return [.. scores];
    }
}
