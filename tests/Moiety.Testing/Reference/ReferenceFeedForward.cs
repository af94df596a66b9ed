using Moiety.Models.Configuration;

namespace Moiety.Testing;

/// <summary>The feed-forward of one layer for one token: dense, experts, or both.</summary>
internal sealed class ReferenceFeedForward(ModelConfig config, ReferenceTensors tensors)
{
    /// <param name="layer">The layer.</param>
    /// <param name="input">[hidden]: what the feed-forward reads, normalized where the layer does so.</param>
    /// <returns>[hidden]: the output; the chosen experts, best first, and their weights, both empty in a dense layer.</returns>
    public (double[] Output, int[] Experts, double[] Weights) Run(int layer, double[] input)
    {
        FeedForwardConfig feedForward = config.FeedForwards[layer];
        if (feedForward.Moe is not { } moe)
        {
            return (Gated(TensorNames.Gate(layer), TensorNames.Up(layer), TensorNames.Down(layer), input), [], []);
        }

        double[] probabilities = tensors.Product(TensorNames.Router(layer), input);
        ReferenceMath.Softmax(probabilities);
        int[] experts = [.. Enumerable.Range(0, moe.ExpertCount).OrderByDescending(expert => probabilities[expert]).ThenBy(expert => expert).Take(moe.TopK)];
        double[] weights = [.. experts.Select(expert => probabilities[expert])];
        if (moe.NormalizeTopK)
        {
            double sum = weights.Sum();
            weights = [.. weights.Select(weight => weight / sum)];
        }

        double[] output = new double[input.Length];
        double[] coefficients = [1, 0];
        if (moe.Residual)
        {
            coefficients = tensors.Product(TensorNames.Coefficient(layer), input);
            ReferenceMath.Add(coefficients, tensors.Vector(TensorNames.CoefficientBias(layer)));
            ReferenceMath.Softmax(coefficients);
            double[] fixedPart = Gated(TensorNames.ResidualGate(layer), TensorNames.ResidualUp(layer), TensorNames.ResidualDown(layer), input);
            ReferenceMath.Add(output, fixedPart, coefficients[1]);
        }

        for (int choice = 0; choice < moe.TopK; choice++)
        {
            int expert = experts[choice];
            double[] result = Gated(TensorNames.ExpertGate(layer, expert), TensorNames.ExpertUp(layer, expert), TensorNames.ExpertDown(layer, expert), input);
            ReferenceMath.Add(output, result, coefficients[0] * weights[choice]);
        }

        return (output, experts, weights);
    }

    private double[] Gated(string gateName, string upName, string downName, double[] input)
    {
        double[] gate = tensors.Product(gateName, input);
        double[] up = tensors.Product(upName, input);
        for (int index = 0; index < gate.Length; index++)
        {
            gate[index] = gate[index] / (1 + Math.Exp(-gate[index])) * up[index];
        }

        return tensors.Product(downName, gate);
    }
}
