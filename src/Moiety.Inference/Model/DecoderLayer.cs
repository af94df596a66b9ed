using Moiety.Inference.KeyValues;
using Moiety.Models.Configuration;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>
/// One layer: attention and feed-forward read the residual stream and join it, one after the other or side by side, with the norms
/// where the model's <see cref="NormPlacement"/> has them.
/// </summary>
internal sealed unsafe class DecoderLayer
{
    private readonly int _layer;
    private readonly NormPlacement _placement;
    private readonly BranchInput _attentionInput;
    private readonly SelfAttention _attention;
    private readonly BranchOutput _attentionOutput;
    private readonly BranchInput _feedForwardInput;
    private readonly FeedForward _feedForward;
    private readonly BranchOutput _feedForwardOutput;

    public DecoderLayer(int layer, ModelConfig config, LayerWeights weights, RotaryEmbedding? rotary, RelativeScores? relative, KvLayout pages)
    {
        _layer = layer;
        _placement = config.NormPlacement;
        int hidden = config.HiddenSize;
        bool post = _placement == NormPlacement.Post;
        _attention = new SelfAttention(layer, config, weights.Attention, rotary, relative, pages);
        _feedForward = weights.Moe is { } moe ? new MoeFeedForward(layer, moe) : new DenseFeedForward(weights.Dense!);
        _attentionOutput = new BranchOutput(_placement, post ? weights.AttentionNorm : weights.AttentionOutputNorm, hidden, config.ResidualScale);
        _feedForwardOutput = new BranchOutput(_placement, post ? weights.FeedForwardNorm : weights.FeedForwardOutputNorm, hidden, config.ResidualScale);
        if (_placement == NormPlacement.Parallel)
        {
            _attentionInput = _feedForwardInput = new BranchInput(weights.AttentionNorm, hidden, _attention.InputForms | _feedForward.InputForms);
        }
        else
        {
            _attentionInput = new BranchInput(post ? null : weights.AttentionNorm, hidden, _attention.InputForms);
            _feedForwardInput = new BranchInput(post ? null : weights.FeedForwardNorm, hidden, _feedForward.InputForms);
        }
    }

    public void Run(in Worker worker)
    {
        LayerRows rows = worker.Layout.RowsOf(_layer);
        if (rows.KeyValueCount == 0)
        {
            return;
        }

        float* product = worker.Workspace.Product;
        Preparation preparation = _attentionInput.Run(worker, rows.KeyValueTokens, rows.KeyValueCount);
        RowRange columns = _attention.Run(worker, rows, preparation.Space.NormedActivations.Buffer);
        int count = rows.FeedForwardCount;
        if (count > 0 && _placement is NormPlacement.Parallel or NormPlacement.ParallelTwoNorms)
        {
            RunBeside(worker, rows, preparation, columns);
            return;
        }

        if (rows.AttendingCount > 0)
        {
            _attentionOutput.Join(worker, product, rows.AttendingTokens, rows.AttendingCount, columns);
        }

        if (count > 0)
        {
            preparation = _feedForwardInput.Run(worker, rows.FeedForwardTokens, count);
            columns = _feedForward.Run(worker, preparation, rows.FeedForwardTokens, count, product);
            _feedForwardOutput.Join(worker, product, rows.FeedForwardTokens, count, columns);
        }
    }

    /// <summary>The feed-forward beside an attention that has not joined the residual stream yet; then both join it.</summary>
    private void RunBeside(in Worker worker, LayerRows rows, Preparation preparation, RowRange columns)
    {
        Workspace workspace = worker.Workspace;
        int count = rows.FeedForwardCount;

        // Tokens that run the feed-forward are some of those with keys and values: all of them when they are as many.
        if (_placement == NormPlacement.ParallelTwoNorms || count < rows.KeyValueCount)
        {
            preparation = _feedForwardInput.Run(worker, rows.FeedForwardTokens, count);
        }

        _feedForward.Run(worker, preparation, rows.FeedForwardTokens, count, workspace.FeedForwardProduct);
        _attentionOutput.Add(workspace.Residual, workspace.Product, rows.AttendingTokens, rows.AttendingCount, columns);
        _feedForwardOutput.Join(worker, workspace.FeedForwardProduct, rows.FeedForwardTokens, count, columns);
    }
}
