using System.Collections.Immutable;
using Moiety.Models.Configuration;
using Moiety.Numerics.Randomness;
using Moiety.Training.Modules;

namespace Moiety.Training.Tests.Modules;

/// <summary>Modules so small that every parameter can be varied in turn; <see cref="SmallModels"/> are larger.</summary>
internal static class TinyModules
{
    internal static FeedForwardConfig Dense => new() { IntermediateSize = 24 };

    internal static FeedForwardConfig Experts(int count, int topK, bool normalize, bool residual) => new()
    {
        IntermediateSize = residual ? 20 : 0,
        Moe = new MoeConfig { ExpertCount = count, TopK = topK, ExpertIntermediateSize = 16, NormalizeTopK = normalize, Residual = residual },
    };

    internal static ModelConfig Config(params ImmutableArray<FeedForwardConfig> layers) => new()
    {
        Family = "moiety_moe",
        VocabularySize = 37,
        HiddenSize = 16,
        HeadCount = 4,
        KeyValueHeadCount = 2,
        HeadSize = 6,
        ContextLength = 24,
        NormEpsilon = 1e-5f,
        Rotary = new RotaryConfig { Theta = 100 },
        TieWordEmbeddings = true,
        FeedForwards = layers,
    };

    /// <summary>A module with parameters large enough that every branch matters.</summary>
    internal static DecoderModule Random(ModelConfig config, ulong seed = 1)
    {
        DecoderModule module = new(config);
        Fill(module, seed);
        return module;
    }

    /// <summary>Gives a module parameters large enough that every branch matters; tables of hash routing as they are drawn.</summary>
    internal static void Fill(DecoderModule module, ulong seed = 1)
    {
        module.Initialize(seed);
        Xoshiro256 random = new(seed);
        foreach (string name in module.ParameterNames.Where(name => !IsTable(name)))
        {
            bool norm = name.EndsWith("norm.weight", StringComparison.Ordinal);
            foreach (ref float value in module.GetParameter(name))
            {
                value = (norm ? 1 : 0) + (((float)random.NextDouble() - 0.5f) * (norm ? 0.5f : 0.8f));
            }
        }
    }

    /// <summary>Whether a parameter is a table of hash routing, which holds no weights.</summary>
    internal static bool IsTable(string name) => name.EndsWith(".expert_of_token", StringComparison.Ordinal);
}
