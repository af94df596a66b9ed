using Moiety.Inference.KeyValues;
using Moiety.Models.Configuration;
using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>Multi-head and grouped-query attention: one product each for queries, keys and values.</summary>
internal sealed unsafe class HeadProjections : AttentionProjections
{
    private readonly AttentionWeights _weights;
    private readonly AttentionShape _shape;
    private readonly RotaryEmbedding? _rotary;
    private readonly HeadTransform _queries;
    private readonly HeadTransform _keys;
    private readonly HeadTransform _values;
    private readonly bool _changesHeads;
    private readonly bool _changesRows;

    public HeadProjections(int layer, ModelConfig config, AttentionWeights weights, AttentionShape shape, RotaryEmbedding? rotary, KvLayout pages)
        : base(layer, pages)
    {
        _weights = weights;
        _shape = shape;
        _rotary = rotary;
        AttentionConfig attention = config.Attention;
        _queries = new HeadTransform(weights.QueryBias, attention.QueryKeyNorm, weights.QueryNorm, config);
        _keys = new HeadTransform(weights.KeyBias, attention.QueryKeyNorm, weights.KeyNorm, config);
        _values = new HeadTransform(weights.ValueBias, QueryKeyNorm.None, [], config);
        _changesHeads = attention.QueryKeyValueBias || attention.ClipQueryKeyValue > 0 || attention.QueryKeyNorm is QueryKeyNorm.PerHead or QueryKeyNorm.PerHeadLayer;
        _changesRows = attention.QueryKeyNorm == QueryKeyNorm.Whole;
    }

    public override ActivationForms InputForms => _weights.Query.Format.Activations | _weights.Key!.Format.Activations | _weights.Value!.Format.Activations;

    public override bool UnitsAreTiles => _shape.TilesPerGroup == 1;

    public override void Project(in Worker worker, LayerRows rows, ActivationBuffer input)
    {
        AttentionSpace space = worker.Workspace.Attention;
        worker.Multiply(_weights.Query, input, rows.KeyValueTokens, space.Queries);
        worker.Multiply(_weights.Key!, input, rows.KeyValueTokens, space.Keys);
        worker.Multiply(_weights.Value!, input, rows.KeyValueTokens, space.Values);
        worker.Barrier();
        if (_changesRows)
        {
            RowRange range = worker.Rows(rows.KeyValueCount);
            for (int row = range.Start; row < range.End; row++)
            {
                _queries.ApplyToRow(space.Queries + (long)row * _shape.QueryWidth);
                _keys.ApplyToRow(space.Keys + (long)row * _shape.KeyWidth);
            }

            worker.Barrier();
        }
    }

    public override int Units(LayerRows rows) => checked(rows.KeyValueCount * _shape.KeyValueHeads);

    public override void Prepare(in Worker worker, LayerRows rows, RowRange units)
    {
        for (int unit = units.Start; unit < units.End; unit++)
        {
            Prepare(worker, rows, unit / _shape.KeyValueHeads, unit % _shape.KeyValueHeads);
        }
    }

    public override float* Gathered(AttentionSpace space, LayerRows rows, int entry, int head) =>
        space.Mixed + (long)entry * _shape.MixedWidth + head * _shape.ValueSize;

    /// <summary>Everything was gathered where it belongs.</summary>
    public override void Mix(in Worker worker, LayerRows rows) => worker.Barrier();

    private void Prepare(in Worker worker, LayerRows rows, int row, int head)
    {
        int first = head * _shape.Group;
        int size = _shape.KeySize;
        AttentionSpace space = worker.Workspace.Attention;
        float* queries = space.Queries + (long)row * _shape.QueryWidth;
        float* keys = space.Keys + (long)row * _shape.KeyWidth;
        float* values = space.Values + (long)row * _shape.ValueWidth;
        if (_changesHeads)
        {
            for (int query = first; query < first + _shape.Group; query++)
            {
                _queries.ApplyToHead(queries, query);
            }

            _keys.ApplyToHead(keys, head);
            _values.ApplyToHead(values, head);
        }

        int token = rows.KeyValueTokens[row];
        if (_rotary is not null)
        {
            for (int query = first; query < first + _shape.Group; query++)
            {
                _rotary.Rotate(token, queries + query * size);
            }

            _rotary.Rotate(token, keys + head * size);
        }

        Store(worker, token, head, new ReadOnlySpan<float>(keys + head * size, size), new ReadOnlySpan<float>(values + head * size, size));
    }
}
