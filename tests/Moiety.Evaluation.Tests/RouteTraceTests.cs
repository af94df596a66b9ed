using System.Collections.Immutable;
using Moiety.Evaluation.Routing;
using Moiety.Inference;
using Moiety.Models.Tokenizers;

namespace Moiety.Evaluation.Tests;

/// <summary>The way of tokens through experts is that of a forward pass in double precision.</summary>
public class RouteTraceTests
{
    private readonly ByteLevelBpeTokenizer _tokenizer = BpeTrainer.Train(["Mia has a red kite. Tom has a blue kite."], new BpeTrainerOptions { VocabularySize = 290 });

    [Fact]
    public void Every_token_has_its_experts_probabilities_and_weights_in_every_layer()
    {
        const string Text = "Mia has 3 red kites.";
        using RandomCheckpoint model = new(SmallModels.Pyramid with { VocabularySize = _tokenizer.VocabularySize }, seed: 5);
        using Engine engine = Engine.Open(model, Engines.Small);
        ImmutableArray<TokenTrace> traces = new RouteTracer(engine, _tokenizer).Trace(Text, TestContext.Current.CancellationToken);
        int[] tokens = _tokenizer.Encode(Text);
        ReferenceOutput reference = new ReferenceDecoder(model).Forward(tokens);
        Assert.Equal(tokens, traces.Select(trace => trace.Token));
        Assert.Contains(Text, string.Concat(traces.Select(trace => trace.Text)), StringComparison.Ordinal);
        for (int token = 0; token < tokens.Length; token++)
        {
            Assert.Equal([1, 2, 3], traces[token].Layers.Select(choice => choice.Layer));
            foreach (LayerChoice choice in traces[token].Layers)
            {
                ReferenceRouting routing = reference.Routing[choice.Layer][token];
                Assert.Equal(routing.Experts, choice.Experts);
                for (int index = 0; index < routing.Experts.Length; index++)
                {
                    Assert.Equal(routing.Scores[routing.Experts[index]], choice.Scores[index], 1e-5);
                    Assert.Equal(routing.Weights[index], choice.Weights[index], 1e-5);
                }

                Assert.Equal(-routing.Scores.Sum(score => score * Math.Log(score)), choice.Entropy, 1e-5);
            }
        }
    }
}
