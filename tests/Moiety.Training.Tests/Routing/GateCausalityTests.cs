using Moiety.Models.Configuration;
using Moiety.Training.Modules;
using Moiety.Training.Routing;
using Moiety.Training.Tests.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Tests.Routing;

/// <summary>Whether a later token changes what came out of earlier ones, for every gate of the registry.</summary>
public class GateCausalityTests
{
    public static TheoryData<string> Gates => GateOptionsOf.All;

    [Theory]
    [MemberData(nameof(Gates))]
    public void A_later_token_changes_earlier_outputs_when_the_gate_is_not_causal_and_no_bit_of_them_when_it_is(string gate)
    {
        FeedForwardConfig experts = TinyModules.Experts(4, 1, normalize: false, residual: false);
        (MoeConfig moe, GateOptions options) = GateOptionsOf.Read(gate, experts.Moe!);
        using DecoderModule module = new(TinyModules.Config(experts with { Moe = moe }, experts with { Moe = moe }), [options, options]);
        TinyModules.Fill(module);
        Random random = new(3);
        bool changed = false;
        for (int round = 0; round < 20; round++)
        {
            int[] tokens = [.. Enumerable.Range(0, 16).Select(_ => random.Next(module.Config.VocabularySize))];
            float[] before = Earlier(module, tokens);
            tokens[^1] = (tokens[^1] + 1 + random.Next(module.Config.VocabularySize - 1)) % module.Config.VocabularySize;
            float[] after = Earlier(module, tokens);
            changed |= !before.SequenceEqual(after);
            Assert.True(!options.Kind.IsCausal || !changed, $"{gate} is said to be causal, but output {before.Zip(after).ToList().FindIndex(pair => pair.First != pair.Second)} changed");
        }

        Assert.Equal(options.Kind.IsCausal, !changed);
    }

    // With bfloat16 products, experts get their rows in blocks: products then have the same shape whoever chose the expert, and libtorch
    // adds up a row in the same order. Router, softmax and combination are F32.
    private static float[] Earlier(DecoderModule module, int[] tokens)
    {
        using IDisposable guard = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor ids = tensor(tokens.Select(id => (long)id).ToArray()).view(1, tokens.Length);
        float[] states = [.. module.Forward(ids, new ForwardPass(ComputePrecision.BF16, capacity: null, seed: 0, trackRouterLosses: false)).data<float>()];
        return states[..^module.Config.HiddenSize];
    }
}
