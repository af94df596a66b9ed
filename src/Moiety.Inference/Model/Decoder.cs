using Moiety.Inference.KeyValues;
using Moiety.Models.Configuration;

namespace Moiety.Inference.Model;

/// <summary>
/// The one decoder of all families: embedding, layers, final norm, head. Every worker of the team runs <see cref="Run"/>.
/// </summary>
internal sealed unsafe class Decoder
{
    private readonly int _hidden;
    private readonly TokenEmbedding _embedding;
    private readonly EmbeddingConvolution? _convolution;
    private readonly DecoderLayer[] _layers;
    private readonly Norm? _finalNorm;
    private readonly OutputHead? _head;

    public Decoder(ModelConfig config, DecoderWeights weights, RotaryTables rotary, KvLayout pages)
    {
        _hidden = config.HiddenSize;
        _embedding = new TokenEmbedding(config, weights.Embedding);
        _convolution = weights.Convolution;
        _layers = new DecoderLayer[config.LayerCount];
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            _layers[layer] = new DecoderLayer(layer, config, weights.Layers[layer], rotary.Of(layer), weights.RelativePositions.Of(layer), pages);
        }

        _finalNorm = weights.FinalNorm;
        _head = weights.Head is null ? null : new OutputHead(config, weights.Head, weights.FinalNorm);
    }

    /// <summary>One worker's part of a step, from token ids to logits.</summary>
    public void Run(in Worker worker, CancellationToken cancellationToken)
    {
        _embedding.Run(worker);
        _convolution?.Keep(worker);
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            if (worker.IsFirst)
            {
                // One worker looks: all must agree whether the step goes on.
                cancellationToken.ThrowIfCancellationRequested();
                ReportHiddenStates(worker.Context, layer);
            }

            _layers[layer].Run(worker);
            if (layer == 0)
            {
                _convolution?.Join(worker);
            }
        }

        if (worker.IsFirst)
        {
            ReportHiddenStates(worker.Context, _layers.Length);
            ReportFinalStates(worker.Context);
        }

        _head?.Run(worker);
    }

    /// <summary>Copies the residual stream at a depth for the plans that ask for it, while nobody changes it.</summary>
    private void ReportHiddenStates(StepContext context, int depth)
    {
        for (int index = 0; index < context.Layout.SliceCount; index++)
        {
            ref readonly SliceState slice = ref context.Layout.Slice(index);
            int entry = slice.Plan?.HiddenStates.IndexOf(depth) ?? -1;
            for (int position = 0; entry >= 0 && position < slice.Count; position++)
            {
                float* state = context.Workspace.Residual + (long)(slice.Start + position) * _hidden;
                new ReadOnlySpan<float>(state, _hidden).CopyTo(new Span<float>(context.Result.HiddenRow(index, entry, position), _hidden));
            }
        }
    }

    private void ReportFinalStates(StepContext context)
    {
        if (_finalNorm is null)
        {
            ReportHiddenStates(context, _layers.Length + 1);
            return;
        }

        for (int index = 0; index < context.Layout.SliceCount; index++)
        {
            ref readonly SliceState slice = ref context.Layout.Slice(index);
            int entry = slice.Plan?.HiddenStates.IndexOf(_layers.Length + 1) ?? -1;
            for (int position = 0; entry >= 0 && position < slice.Count; position++)
            {
                _finalNorm.Apply(context.Workspace.Residual + (long)(slice.Start + position) * _hidden, context.Result.HiddenRow(index, entry, position));
            }
        }
    }
}
