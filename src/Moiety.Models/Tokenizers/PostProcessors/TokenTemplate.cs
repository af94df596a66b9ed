using System.Collections.Immutable;
using Moiety.Models.Checkpoints;
using Moiety.Models.Json;

namespace Moiety.Models.Tokenizers.PostProcessors;

/// <summary>What the post-processor of a <c>tokenizer.json</c> puts around one text and around two.</summary>
/// <param name="Single">The pieces around one text.</param>
/// <param name="Pair">The pieces around two.</param>
internal sealed record TokenTemplate(ImmutableArray<TemplatePiece> Single, ImmutableArray<TemplatePiece> Pair)
{
    /// <summary>Tokens before a text.</summary>
    public ImmutableArray<int> Prefix => [.. Single.TakeWhile(piece => piece.TokenId is not null).Select(piece => piece.TokenId!.Value)];

    /// <summary>Tokens after a text.</summary>
    public ImmutableArray<int> Suffix => [.. Single.SkipWhile(piece => piece.TokenId is not null).Skip(1).Select(piece => piece.TokenId!.Value)];

    /// <summary>Reads a post-processor; null when it adds nothing.</summary>
    /// <param name="field">The component.</param>
    /// <param name="added">The added tokens: what is put around a text must be one of them.</param>
    /// <exception cref="InvalidCheckpointException">It is not supported, or its settings are malformed.</exception>
    public static TokenTemplate? Read(JsonField field, ImmutableArray<AddedToken> added)
    {
        string type = field.Get("type").Text();
        switch (type)
        {
            // It only changes offsets.
            case "ByteLevel":
                return null;
            case "Sequence":
                TokenTemplate? template = null;
                foreach (JsonField item in field.Get("processors").Items())
                {
                    TokenTemplate? next = Read(item, added);
                    template = next is null || template is null ? next ?? template : throw item.Error("a second post-processor that adds tokens is not supported");
                }

                return template;
            case "TemplateProcessing":
                return ReadTemplate(field);
            case "BertProcessing" or "RobertaProcessing":
                return ReadProcessing(field, added, pairTypes: type == "BertProcessing");
            default:
                throw field.Error(
                    $"the post-processor {type} is not supported; supported are: ByteLevel, TemplateProcessing, BertProcessing, RobertaProcessing, Sequence");
        }
    }

    private static TokenTemplate ReadProcessing(JsonField field, ImmutableArray<AddedToken> added, bool pairTypes)
    {
        int start = ReadToken(field.Get("cls"), added);
        int end = ReadToken(field.Get("sep"), added);
        TemplatePiece[] single = [TemplatePiece.OfToken(start, 0), TemplatePiece.OfText(0, 0), TemplatePiece.OfToken(end, 0)];
        return pairTypes
            ? new([.. single], [.. single, TemplatePiece.OfText(1, 1), TemplatePiece.OfToken(end, 1)])
            : new([.. single], [.. single, TemplatePiece.OfToken(end, 0), TemplatePiece.OfText(1, 0), TemplatePiece.OfToken(end, 0)]);
    }

    private static int ReadToken(JsonField pair, ImmutableArray<AddedToken> added)
    {
        JsonField[] items = [.. pair.Items()];
        int id = items.Length == 2 ? items[1].Count(VocabularyTokenizer.LargestVocabulary) : throw pair.Error("must be a token and its id");
        return added.Any(token => token.Id == id) ? id : throw pair.Error($"the id {id} is not that of an added token");
    }

    private static TokenTemplate ReadTemplate(JsonField field)
    {
        ImmutableArray<TemplatePiece> single = ReadPieces(field, "single", ["A"]);
        return new(single, field.Has("pair") ? ReadPieces(field, "pair", ["A", "B"]) : []);
    }

    private static ImmutableArray<TemplatePiece> ReadPieces(JsonField field, string key, ReadOnlySpan<string> texts)
    {
        ImmutableArray<TemplatePiece>.Builder pieces = ImmutableArray.CreateBuilder<TemplatePiece>();
        Span<int> seen = stackalloc int[2];
        foreach (JsonField item in field.Get(key).Items())
        {
            if (item.Find("SpecialToken") is { } special)
            {
                int type = special.Find("type_id")?.Count(VocabularyTokenizer.LargestVocabulary) ?? 0;
                JsonField token = field.Get("special_tokens").Get(special.Get("id").Text());
                pieces.AddRange(token.Get("ids").Items().Select(id => TemplatePiece.OfToken(id.Count(VocabularyTokenizer.LargestVocabulary), type)));
                continue;
            }

            JsonField sequence = item.Get("Sequence");
            int text = texts.IndexOf(sequence.Get("id").Text());
            if (text < 0 || ++seen[text] > 1)
            {
                throw item.Error(text < 0 ? "is not one of the texts" : "has the text twice");
            }

            pieces.Add(TemplatePiece.OfText(text, sequence.Find("type_id")?.Count(VocabularyTokenizer.LargestVocabulary) ?? 0));
        }

        for (int text = 0; text < texts.Length; text++)
        {
            if (seen[text] == 0)
            {
                throw field.Error(key, "has no place for the text (Sequence)");
            }
        }

        return pieces.ToImmutable();
    }
}
