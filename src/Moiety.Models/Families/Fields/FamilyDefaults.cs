namespace Moiety.Models.Families.Fields;

/// <summary>What it means when <c>config.json</c> leaves a field out. Sizes have no default unless the family's published files rely on one.</summary>
internal sealed record FamilyDefaults
{
    /// <summary>Epsilon of the norms.</summary>
    public float Epsilon { get; init; } = 1e-6f;

    /// <summary>Base of the rotary frequencies.</summary>
    public float Theta { get; init; } = 10000f;

    /// <summary>Whether the ends of YaRN's ramp are whole dimensions.</summary>
    public bool TruncatesYarn { get; init; } = true;

    /// <summary>Share of a head that is rotated.</summary>
    public float PartialRotary { get; init; } = 1f;

    /// <summary>Whether the head is the embedding matrix.</summary>
    public bool TieWordEmbeddings { get; init; }

    /// <summary>Width of a head, or null for the hidden size over the heads.</summary>
    public int? HeadSize { get; init; }

    /// <summary>Query heads, or null when the field must be there.</summary>
    public int? Heads { get; init; }

    /// <summary>Key-value heads, or null for as many as query heads.</summary>
    public int? KeyValueHeads { get; init; }

    /// <summary>Sliding window of files that do not mention it, or 0 for none. Null in a file always means none.</summary>
    public int Window { get; init; }

    /// <summary>Longest sequence, or null when the field must be there.</summary>
    public int? Context { get; init; }

    /// <summary>Rows of the embedding, or null when the field must be there.</summary>
    public int? Vocabulary { get; init; }

    /// <summary>Token that starts a sequence.</summary>
    public int? Bos { get; init; }

    /// <summary>Token that ends a text.</summary>
    public int? Eos { get; init; }

    /// <summary>Inner width of dense layers as a multiple of the hidden size, or 0 when the field must be there.</summary>
    public int IntermediateFactor { get; init; }
}
