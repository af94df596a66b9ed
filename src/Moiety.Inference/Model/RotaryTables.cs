using Moiety.Models.Configuration;

namespace Moiety.Inference.Model;

/// <summary>The rotary positions of all layers: one table of angles for all layers that turn alike.</summary>
internal sealed class RotaryTables : IDisposable
{
    private readonly RotaryEmbedding[] _distinct;
    private readonly RotaryEmbedding?[] _layers;

    /// <param name="config">The architecture.</param>
    /// <param name="contextLength">Longest sequence that the engine takes.</param>
    public RotaryTables(ModelConfig config, int contextLength)
    {
        int headSize = config.Attention.Latent?.RotaryHeadSize ?? config.HeadSize;
        RotaryConfig?[] rotaries = [.. Enumerable.Range(0, config.LayerCount).Select(layer => config.AttentionOf(layer).Rotary)];
        _distinct = [.. rotaries.OfType<RotaryConfig>().Distinct().Select(rotary => new RotaryEmbedding(rotary, headSize, contextLength))];
        _layers = [.. rotaries.Select(rotary => _distinct.FirstOrDefault(table => table.Config == rotary))];
    }

    /// <summary>The table of a layer, or null when it has no rotary positions.</summary>
    public RotaryEmbedding? Of(int layer) => _layers[layer];

    /// <summary>Makes room for the angles of a step.</summary>
    public void Ensure(int tokens)
    {
        foreach (RotaryEmbedding table in _distinct)
        {
            table.Ensure(tokens);
        }
    }

    /// <summary>Computes the angles of a token.</summary>
    /// <param name="token">Index of the token in the batch.</param>
    /// <param name="position">Its position id.</param>
    public void SetPosition(int token, int position)
    {
        foreach (RotaryEmbedding table in _distinct)
        {
            table.SetPosition(token, position);
        }
    }

    public void Dispose()
    {
        foreach (RotaryEmbedding table in _distinct)
        {
            table.Dispose();
        }
    }
}
