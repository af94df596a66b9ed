using Moiety.Training.Losses;
using Moiety.Training.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Tests.Losses;

public class LossTests
{
    public LossTests() => TorchLibrary.EnsureLoaded();

    [Fact]
    public void Balance_is_one_for_uniform_routing_and_E_when_one_expert_has_everything()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor uniform = full([8, 4], 0.25f);
        Assert.Equal(1, LoadBalancingLoss.Compute(uniform, [2, 2, 2, 2]).ToDouble(), 6);
        Tensor all = tensor(new float[] { 0, 1, 0, 0, 0, 1, 0, 0 }, 2, 4);
        Assert.Equal(4, LoadBalancingLoss.Compute(all, [0, 2, 0, 0]).ToDouble(), 6);
    }

    [Fact]
    public void Balance_over_k_choices_is_one_for_uniform_routing_too()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.Equal(1, LoadBalancingLoss.Compute(full([8, 4], 0.25f), [6, 6, 6, 6], choices: 3).ToDouble(), 6);
    }

    [Fact]
    public void Variation_is_zero_for_even_use_and_E_minus_one_when_one_expert_has_everything()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.Equal(0, VariationLoss.Compute(full([5], 3f)).ToDouble(), 6);
        Assert.Equal(4, VariationLoss.Compute(tensor(new float[] { 0, 7, 0, 0, 0 })).ToDouble(), 5);
        Assert.Equal(0, VariationLoss.Compute(zeros(5)).ToDouble(), 6);
    }

    [Fact]
    public void Balance_pushes_probability_away_from_the_crowded_expert()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = zeros(4, 2, requires_grad: true);
        LoadBalancingLoss.Compute(logits.softmax(1), [3, 1]).backward();
        float[] gradient = logits.grad!.data<float>().ToArray();

        // d/dz of E * sum_e f_e p_e, by hand: p0 p1 (f0 - f1) * E / tokens = 0.25 * 0.5 * 2 / 4.
        Assert.All(Enumerable.Range(0, 4), token => Assert.Equal(0.0625, gradient[2 * token], 6));
        Assert.All(Enumerable.Range(0, 4), token => Assert.Equal(-0.0625, gradient[(2 * token) + 1], 6));
    }

    [Fact]
    public void Router_z_loss_is_the_mean_squared_logsumexp()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = tensor(new float[] { 0, 0, 1, 3 }, 2, 2);
        double expected = (Math.Pow(Math.Log(2), 2) + Math.Pow(Math.Log(Math.E + Math.Exp(3)), 2)) / 2;
        Assert.Equal(expected, RouterZLoss.Compute(logits).ToDouble(), 5);
    }

    [Fact]
    public void Cross_entropy_by_hand_equals_autograd()
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(1);
        Tensor logits = (randn(7, 43) * 5).detach().requires_grad_();
        Tensor labels = tensor(new long[] { 0, 42, 3, 3, 9, 1, 15 });
        Tensor loss = CrossEntropyLoss.Sum(logits, labels);
        (loss * 0.25).backward();

        Tensor inPlace = logits.detach().clone();
        double sum = CrossEntropyLoss.SumAndGradientInPlace(inPlace, labels, 0.25);
        Assert.Equal(loss.ToDouble(), sum, 3);
        Assert.True((inPlace - logits.grad!).abs().max().ToDouble() < 1e-6);
    }

    [Fact]
    public void Cross_entropy_of_huge_logits_is_finite()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = tensor(new float[] { 3e4f, -3e4f, 0 }, 1, 3);
        Assert.Equal(6e4, CrossEntropyLoss.SumAndGradientInPlace(logits, tensor(new long[] { 1 }), 1), 1);
        Assert.Equal([1f, -1f, 0f], logits.data<float>().ToArray());
    }
}
