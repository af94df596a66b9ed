using Moiety.Inference.KeyValues;
using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>
/// How a layer makes queries, keys and values of what it reads, and what the output projection reads of what attention gathers.
/// </summary>
internal abstract unsafe class AttentionProjections(int layer, KvLayout pages)
{
    /// <summary>The forms in which the input must be prepared.</summary>
    public abstract ActivationForms InputForms { get; }

    /// <summary>
    /// Whether unit (row * tiles of a row + tile) of <see cref="Prepare"/> makes all that the tile needs of the row, so that a
    /// decoding step prepares each right before it attends.
    /// </summary>
    public abstract bool UnitsAreTiles { get; }

    /// <summary>The worker's share of the products. Ends with a barrier.</summary>
    /// <param name="worker">This worker.</param>
    /// <param name="rows">The tokens that the layer works on.</param>
    /// <param name="input">[key-value row, hidden], prepared.</param>
    public abstract void Project(in Worker worker, LayerRows rows, ActivationBuffer input);

    /// <summary>Independent parts of what is left to do before rows can attend.</summary>
    public abstract int Units(LayerRows rows);

    /// <summary>Norms, rotates and stores: leaves queries in the workspace, keys and values in the cache.</summary>
    public abstract void Prepare(in Worker worker, LayerRows rows, RowRange units);

    /// <summary>Where attention gathers the values for one query head, [value size].</summary>
    /// <param name="space">The workspace of attention.</param>
    /// <param name="rows">The tokens that the layer works on.</param>
    /// <param name="entry">Attending row.</param>
    /// <param name="head">Query head, whose scores have been computed.</param>
    public abstract float* Gathered(AttentionSpace space, LayerRows rows, int entry, int head);

    /// <summary>Brings what was gathered into <see cref="AttentionSpace.Mixed"/>. Ends with a barrier.</summary>
    public abstract void Mix(in Worker worker, LayerRows rows);

    /// <summary>Stores what a token leaves in the cache.</summary>
    /// <param name="worker">This worker.</param>
    /// <param name="token">Token of the batch.</param>
    /// <param name="head">Key-value head.</param>
    /// <param name="key">[key size].</param>
    /// <param name="value">[value size]; empty when it is a part of the key.</param>
    protected void Store(in Worker worker, int token, int head, ReadOnlySpan<float> key, ReadOnlySpan<float> value)
    {
        ref readonly SliceState slice = ref worker.Layout.SliceOf(token);
        int index = slice.Cached + token - slice.Start;
        byte* page = slice.Cache.Page(index / pages.PageSize);
        int slot = index % pages.PageSize;
        pages.Format.Quantize(key, new Span<byte>(page + pages.KeyOffset(layer, head) + slot * pages.KeyRowBytes, (int)pages.KeyRowBytes));
        if (!value.IsEmpty)
        {
            pages.Format.Quantize(value, new Span<byte>(page + pages.ValueOffset(layer, head) + slot * pages.ValueRowBytes, (int)pages.ValueRowBytes));
        }
    }
}
