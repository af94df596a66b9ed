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
    private readonly SelfAttention _attention;
    private readonly PreNorm _norm;
    private readonly DenseFeedForward? _dense;
    private readonly MoeFeedForward? _moe;

    public DecoderLayer(int layer, ModelConfig config, LayerWeights weights, RotaryEmbedding rotary, StorageFormat keyValueFormat, KvLayout pages)
    {
        _layer = layer;
        _hidden = config.HiddenSize;
        _attention = new SelfAttention(layer, weights, config.NormEpsilon, rotary, keyValueFormat, pages);
        _dense = weights.Dense is null ? null : new DenseFeedForward(weights.Dense);
        _moe = weights.Moe is null ? null : new MoeFeedForward(layer, weights.Moe, _dense);
        _norm = new PreNorm(weights.FeedForwardNorm, config.NormEpsilon, _moe?.InputForms ?? _dense!.InputForms);
    }

    public void Run(in Worker worker)
    {
        _attention.Run(worker);
        LayerRows rows = worker.Layout.RowsOf(_layer);
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
        for (int row = 0; row < count; row++)
        {
            float* target = worker.Workspace.Residual + (long)rows.FeedForwardTokens[row] * _hidden + columns.Start;
            float* source = worker.Workspace.Product + (long)row * _hidden + columns.Start;
            Span<float> sum = new(target, columns.Count);
            VectorMath.Add(sum, new ReadOnlySpan<float>(source, columns.Count), sum);
        }

        worker.Barrier();
    }
}
