namespace Moiety.Models.Tokenizers.PostProcessors;

/// <summary>A piece of the template that puts texts and special tokens together: a token, or one of the texts.</summary>
/// <param name="TokenId">The token, or null for a text.</param>
/// <param name="Sequence">Which text: 0 or 1; without meaning for a token.</param>
/// <param name="TypeId">The segment of its tokens (<c>token_type_ids</c>).</param>
public readonly record struct TemplatePiece(int? TokenId, int Sequence, int TypeId)
{
    /// <summary>A token.</summary>
    public static TemplatePiece OfToken(int id, int type) => new(id, 0, type);

    /// <summary>All tokens of a text.</summary>
    public static TemplatePiece OfText(int sequence, int type) => new(null, sequence, type);
}
