using System.Text.Json;
using Moiety.Models.Configuration;
using Moiety.Training.Configuration;
using Moiety.Training.Routing;

namespace Moiety.Training.Tests.Routing.Reference;

/// <summary>Layers as configurations say them.</summary>
internal static class GateLayers
{
    /// <summary>The layer that JSON text describes.</summary>
    internal static (FeedForwardConfig FeedForward, GateOptions Gate) Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        (FeedForwardConfig feedForward, GateOptions? gate) = LayerReader.Read(new ConfigSection("train.json", "model.layers[0]", document.RootElement)).First();
        return (feedForward, gate!);
    }
}
