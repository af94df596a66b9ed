using Moiety.Models.Configuration;
using Moiety.Training.Modules;
using Moiety.Training.Routing;
using Moiety.Training.Tests.Modules;
using Moiety.Training.Tests.Routing.Reference;

namespace Moiety.Training.Tests.Routing;

/// <summary>What a gate that calls itself causal gives a token depends on no later token.</summary>
public class CausalityTests
{
    public static TheoryData<string> Gates => [.. GateRegistry.All.Where(kind => kind.IsCausal).Select(kind => kind.Name)];

    [Theory]
    [MemberData(nameof(Gates))]
    public void A_later_token_changes_no_bit_of_what_stands_before_it(string gate)
    {
        string choices = gate is "switch" ? "1" : "2";
        string groups = gate is "group-limited" ? ", \"groups\": 3, \"group_top_k\": 2" : "";
        (FeedForwardConfig layer, GateOptions options) = GateLayers.Parse(
            $"{{ \"experts\": 6, \"top_k\": {(gate == "hash" ? "1" : choices)}, \"expert_size\": 16, \"gate\": \"{gate}\"{groups} }}");
        ModelConfig config = TinyModules.Config(layer, layer);
        using DecoderModule module = new(config, [options, options]);
        module.Initialize(3);
        int[] tokens = [5, 0, 36, 5, 17, 17, 2, 30, 11, 9, 1, 22];
        float[] before = module.Logits(tokens);
        for (int changed = 1; changed < tokens.Length; changed += 4)
        {
            int[] other = [.. tokens];
            other[changed] = (other[changed] + 7) % config.VocabularySize;
            float[] after = module.Logits(other);
            int same = changed * config.VocabularySize;
            Assert.Equal(before[..same], after[..same]);
            Assert.NotEqual(before[same..], after[same..]);
        }
    }
}
