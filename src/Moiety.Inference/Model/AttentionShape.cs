using Moiety.Models.Configuration;

namespace Moiety.Inference.Model;

/// <summary>
/// The sizes in which a model attends. With latent attention (arXiv 2405.04434) they are those of its absorbed form: one key
/// for all heads, the compressed vector followed by the rotary part, and its compressed part is the value.
/// </summary>
internal sealed record AttentionShape
{
    // So many query heads share one pass over a key-value head; more would leave too few tiles for the threads.
    private const int MaxHeadsPerTile = 8;

    public AttentionShape(ModelConfig config)
    {
        Heads = config.HeadCount;
        ProjectedSize = config.HeadSize;
        if (config.Attention.Latent is { } latent)
        {
            KeyValueHeads = 1;
            KeySize = latent.KeyValueRank + latent.RotaryHeadSize;
            ValueSize = latent.KeyValueRank;
            OutputSize = latent.ValueHeadSize;
            IsLatent = true;
        }
        else
        {
            KeyValueHeads = config.KeyValueHeadCount;
            KeySize = config.HeadSize;
            ValueSize = config.HeadSize;
            OutputSize = config.HeadSize;
        }

        Group = Heads / KeyValueHeads;
        TilesPerGroup = (Group + MaxHeadsPerTile - 1) / MaxHeadsPerTile;
        HeadsPerTile = (Group + TilesPerGroup - 1) / TilesPerGroup;
    }

    /// <summary>Query heads.</summary>
    public int Heads { get; }

    /// <summary>Key-value heads.</summary>
    public int KeyValueHeads { get; }

    /// <summary>Query heads of one key-value head.</summary>
    public int Group { get; }

    /// <summary>Elements of a query head as projected.</summary>
    public int ProjectedSize { get; }

    /// <summary>Elements of a key, and of a query that meets it.</summary>
    public int KeySize { get; }

    /// <summary>Elements of a value.</summary>
    public int ValueSize { get; }

    /// <summary>Elements of a head that the output projection reads.</summary>
    public int OutputSize { get; }

    /// <summary>Whether values are the first elements of keys and queries are brought into the space of the compressed keys.</summary>
    public bool IsLatent { get; }

    /// <summary>Tiles into which the query heads of one key-value head are cut.</summary>
    public int TilesPerGroup { get; }

    /// <summary>Query heads of one tile; the last tile of a group may have fewer.</summary>
    public int HeadsPerTile { get; }

    /// <summary>Elements of all queries of a token.</summary>
    public int QueryWidth => Heads * KeySize;

    /// <summary>Elements of all keys of a token.</summary>
    public int KeyWidth => KeyValueHeads * KeySize;

    /// <summary>Elements of all values of a token.</summary>
    public int ValueWidth => KeyValueHeads * ValueSize;

    /// <summary>Elements that the output projection reads.</summary>
    public int MixedWidth => Heads * OutputSize;
}
