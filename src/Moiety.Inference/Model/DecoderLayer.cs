using Moiety.Inference.KeyValues;
using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>One layer: x += attention(norm(x)), then x += feedForward(norm(x)).</summary>
internal sealed unsafe class DecoderLayer
{
    private readonly int _layer;
    private readonly int _hidden;
    private readonly PreNorm _attentionNorm;
    private readonly SelfAttention _attention;
    private readonly PreNorm _norm;
    private readonly DenseFeedForward? _dense;
    private readonly MoeFeedForward? _moe;

    public DecoderLayer(int layer, ModelConfig config, LayerWeights weights, RotaryEmbedding rotary, StorageFormat keyValueFormat, KvLayout pages)
    {
        _layer = layer;
        _hidden = config.HiddenSize;
        _attention = new SelfAttention(layer, weights, rotary, keyValueFormat, pages);
        _attentionNorm = new PreNorm(weights.AttentionNorm, config.NormEpsilon, _attention.InputForms);
        _dense = weights.Dense is null ? null : new DenseFeedForward(weights.Dense);
        _moe = weights.Moe is null ? null : new MoeFeedForward(layer, weights.Moe, _dense);
        _norm = new PreNorm(weights.FeedForwardNorm, config.NormEpsilon, _moe?.InputForms ?? _dense!.InputForms);
    }

    public void Run(in Worker worker)
    {
        LayerRows rows = worker.Layout.RowsOf(_layer);
        if (rows.KeyValueCount > 0)
        {
            Attend(worker, rows);
        }

        int count = rows.FeedForwardCount;
        if (count == 0)
        {
            return;
        }

        Preparation preparation = _norm.Run(worker, rows.FeedForwardTokens, count);
        if (_moe is not null)
        {
            _moe.Run(worker, preparation, rows.FeedForwardTokens, count);
            return;
        }

        _dense!.Expand(worker, preparation.Space, count);
        worker.Barrier();
        _dense.Prepare(preparation, worker.Workspace, count);
        preparation.Barrier();
        RowRange columns = _dense.Contract(worker, preparation.Space);
        AddToResidual(worker.Workspace, rows.FeedForwardTokens, count, columns);
        worker.Barrier();
    }

    private void Attend(in Worker worker, LayerRows rows)
    {
        PreparedSpace space = _attentionNorm.Run(worker, rows.KeyValueTokens, rows.KeyValueCount).Space;
        RowRange columns = _attention.Run(worker, rows, space.NormedActivations.Buffer);
        if (rows.AttendingCount > 0)
        {
            AddToResidual(worker.Workspace, rows.AttendingTokens, rows.AttendingCount, columns);
            worker.Barrier();
        }
    }

    /// <summary>Adds a worker's columns of the product's rows to the tokens that they belong to.</summary>
    private void AddToResidual(Workspace workspace, int* tokens, int count, RowRange columns)
    {
        for (int row = 0; row < count; row++)
        {
            Span<float> sum = new(workspace.Residual + (long)tokens[row] * _hidden + columns.Start, columns.Count);
            VectorMath.Add(sum, new ReadOnlySpan<float>(workspace.Product + (long)row * _hidden + columns.Start, columns.Count), sum);
        }
    }
}
