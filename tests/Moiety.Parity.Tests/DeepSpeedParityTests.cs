using Moiety.Inference;
using Moiety.Models.Checkpoints;

namespace Moiety.Parity.Tests;

/// <summary>
/// DeepSpeed's files of a Mixture-of-Experts that computes the same as a GPT-2 of <c>transformers</c>, since both experts of a layer are
/// its feed-forward and their weights add up to 1: the library's logits are the oracle.
/// </summary>
public class DeepSpeedParityTests
{
    // |Δlogit| relative to the range of the library's logits; the weights of the experts round to a sum beside 1.
    private const double Bound = 3e-6;

    [Fact]
    public void Logits_are_those_of_the_model_that_the_experts_were_made_of()
    {
        TransformersFixture fixture = TransformersFixture.Open("gpt2");
        using Checkpoint checkpoint = Checkpoint.Open(Path.Combine(Repository.Root, "tests", "fixtures", "deepspeed"));
        using Engine engine = Engine.Open(checkpoint, EngineRun.Exact());
        for (int input = 0; input < fixture.Count; input++)
        {
            float[][] expected = [.. fixture.Output(input, "logits").Chunk(checkpoint.Config.VocabularySize)];
            Assert.InRange(LogitDistance.Relative(expected, EngineRun.AllLogits(engine, fixture.InputIds(input))), 0, Bound);
        }
    }
}
