using System.Text.Json.Nodes;
using Moiety.Models.Configuration;

namespace Moiety.Models.Families.Fields;

/// <summary>The switches <c>attention_bias</c> (all four projections) and <c>mlp_bias</c>, which several families have from Llama.</summary>
internal static class LlamaBiases
{
    /// <summary>Reads the switches; absent is false.</summary>
    public static ModelConfig Read(ModelConfig config, ConfigFields fields)
    {
        bool inner = fields.Boolean("mlp_bias") ?? false;
        return ReadAttention(config, fields) with { FeedForwards = [.. config.FeedForwards.Select(layer => layer with { Bias = inner })] };
    }

    /// <summary>Reads <c>attention_bias</c> alone.</summary>
    public static ModelConfig ReadAttention(ModelConfig config, ConfigFields fields)
    {
        bool bias = fields.Boolean("attention_bias") ?? false;
        return config with { Attention = config.Attention with { QueryKeyValueBias = bias, OutputBias = bias } };
    }

    /// <summary>Writes the switches.</summary>
    public static void Write(ModelConfig config, JsonObject json)
    {
        json["attention_bias"] = config.Attention.OutputBias;
        json["mlp_bias"] = config.FeedForwards[0].Bias;
    }
}
