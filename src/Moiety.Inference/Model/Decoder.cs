using Moiety.Inference.KeyValues;
using Moiety.Inference.Steps;
using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>
/// The one decoder of all families: embedding, layers, final norm, head. Every worker of the team runs <see cref="Run"/>.
/// </summary>
internal sealed unsafe class Decoder
{
    private readonly Matrix _embedding;
    private readonly Matrix _head;
    private readonly DecoderLayer[] _layers;
    private readonly PreNorm _finalNorm;

    public Decoder(ModelConfig config, DecoderWeights weights, RotaryEmbedding rotary, StorageFormat keyValueFormat, KvLayout pages)
    {
        _embedding = weights.Embedding;
        _head = weights.Head;
        _finalNorm = new PreNorm(weights.FinalNorm, config.NormEpsilon, _head.Format.Activations);
        _layers = new DecoderLayer[config.LayerCount];
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            _layers[layer] = new DecoderLayer(layer, config, weights.Layers[layer], rotary, keyValueFormat, pages);
        }
    }

    /// <summary>One worker's part of a step, from token ids to logits.</summary>
    public void Run(in Worker worker, CancellationToken cancellationToken)
    {
        Embed(worker);
        worker.Barrier();
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            if (worker.IsFirst)
            {
                // One worker looks: all must agree whether the step goes on.
                cancellationToken.ThrowIfCancellationRequested();
                ReportHiddenStates(worker.Context, layer);
            }

            _layers[layer].Run(worker);
        }

        if (worker.IsFirst)
        {
            ReportHiddenStates(worker.Context, _layers.Length);
            ReportFinalStates(worker.Context);
        }

        Project(worker);
    }

    private void Embed(in Worker worker)
    {
        int hidden = _embedding.Columns;
        RowRange tokens = worker.Rows(worker.Layout.TokenCount);
        for (int token = tokens.Start; token < tokens.End; token++)
        {
            byte* row = _embedding.Data + worker.Layout.Tokens[token] * _embedding.RowBytes;
            _embedding.Format.Dequantize(
                new ReadOnlySpan<byte>(row, (int)_embedding.RowBytes), new Span<float>(worker.Workspace.Residual + (long)token * hidden, hidden));
        }
    }

    private void Project(in Worker worker)
    {
        StepResult result = worker.Context.Result;
        if (result.LogitRowCount == 0)
        {
            return;
        }

        PreparedSpace space = _finalNorm.Run(worker, result.LogitTokens, result.LogitRowCount).Space;
        RowRange words = worker.Columns(_head.Rows);
        MatrixProduct.MultiplyRows(_head, space.NormedActivations.Buffer, words.Start, words.End, result.LogitRow(0), _head.Rows);
    }

    /// <summary>Copies the residual stream at a depth for the plans that ask for it, while nobody changes it.</summary>
    private void ReportHiddenStates(StepContext context, int depth)
    {
        int hidden = _embedding.Columns;
        for (int index = 0; index < context.Layout.SliceCount; index++)
        {
            ref readonly SliceState slice = ref context.Layout.Slice(index);
            int entry = slice.Plan?.HiddenStates.IndexOf(depth) ?? -1;
            for (int position = 0; entry >= 0 && position < slice.Count; position++)
            {
                float* state = context.Workspace.Residual + (long)(slice.Start + position) * hidden;
                new ReadOnlySpan<float>(state, hidden).CopyTo(new Span<float>(context.Result.HiddenRow(index, entry, position), hidden));
            }
        }
    }

    private void ReportFinalStates(StepContext context)
    {
        int hidden = _embedding.Columns;
        for (int index = 0; index < context.Layout.SliceCount; index++)
        {
            ref readonly SliceState slice = ref context.Layout.Slice(index);
            int entry = slice.Plan?.HiddenStates.IndexOf(_layers.Length + 1) ?? -1;
            for (int position = 0; entry >= 0 && position < slice.Count; position++)
            {
                _finalNorm.Apply(context.Workspace.Residual + (long)(slice.Start + position) * hidden, context.Result.HiddenRow(index, entry, position));
            }
        }
    }
}
