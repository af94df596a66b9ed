using Moiety.Models.Configuration;

namespace Moiety.Testing;

/// <summary>The feed-forward of one layer for one token: dense, or experts with the branches beside them.</summary>
internal sealed class ReferenceFeedForward(ModelConfig config, ReferenceTensors tensors)
{
    /// <param name="layer">The layer.</param>
    /// <param name="id">The token's id, by which hash routing goes.</param>
    /// <param name="input">[hidden]: what the feed-forward reads, normalized where the layer does so.</param>
    /// <returns>[hidden]: the output, and the routing.</returns>
    public (double[] Output, ReferenceRouting Routing) Run(int layer, int id, double[] input)
    {
        FeedForwardConfig feedForward = config.FeedForwards[layer];
        Activation activation = feedForward.Activation;
        if (feedForward.Moe is not { } moe)
        {
            string[] biases = [TensorNames.GateBias(layer), TensorNames.UpBias(layer), TensorNames.DownBias(layer)];
            return (Perceptron(activation, input, TensorNames.Gate(layer), TensorNames.Up(layer), TensorNames.Down(layer), feedForward.Bias ? biases : []), ReferenceRouting.None);
        }

        (int[] experts, double[] weights, double[] scores) = Route(layer, moe, id, input);
        double[] norms = new double[moe.TopK];
        double[] output = new double[input.Length];
        double[] coefficients = [1, 0];
        if (moe.Residual)
        {
            coefficients = tensors.Product(TensorNames.Coefficient(layer), input);
            ReferenceMath.Add(coefficients, tensors.Vector(TensorNames.CoefficientBias(layer)));
            ReferenceMath.Softmax(coefficients);
            double[] part = Perceptron(activation, input, TensorNames.ResidualGate(layer), TensorNames.ResidualUp(layer), TensorNames.ResidualDown(layer), []);
            ReferenceMath.Add(output, part, coefficients[1]);
        }

        if (moe.SharedIntermediateSize > 0)
        {
            double share = moe.SharedGate ? ReferenceActivation.Sigmoid(tensors.Product(TensorNames.SharedWeight(layer), input)[0]) : 1;
            double[] part = Perceptron(activation, input, TensorNames.SharedGate(layer), TensorNames.SharedUp(layer), TensorNames.SharedDown(layer), []);
            ReferenceMath.Add(output, part, share);
        }

        for (int choice = 0; choice < moe.TopK; choice++)
        {
            int expert = experts[choice];
            string[] biases = [TensorNames.ExpertGateBias(layer, expert), TensorNames.ExpertUpBias(layer, expert), TensorNames.ExpertDownBias(layer, expert)];
            double[] part = Perceptron(
                activation, input, TensorNames.ExpertGate(layer, expert), TensorNames.ExpertUp(layer, expert), TensorNames.ExpertDown(layer, expert),
                moe.ExpertBias ? biases : []);
            ReferenceMath.Add(output, part, coefficients[0] * weights[choice]);
            norms[choice] = Math.Sqrt(part.Sum(value => value * value));
        }

        return (output, new ReferenceRouting(input, experts, weights, scores, norms));
    }

    private (int[] Experts, double[] Weights, double[] Scores) Route(int layer, MoeConfig moe, int id, double[] input)
    {
        if (moe.Gating == GatingKind.Hash)
        {
            int chosen = (int)tensors.Vector(TensorNames.ExpertTable(layer))[id];
            return ([chosen], [moe.WeightScale], [.. Enumerable.Range(0, moe.ExpertCount).Select(expert => expert == chosen ? 1.0 : 0)]);
        }

        double[] logits = tensors.Product(TensorNames.Router(layer), input);
        if (moe.RouterBias)
        {
            ReferenceMath.Add(logits, tensors.Vector(TensorNames.RouterBias(layer)));
        }

        (int[] experts, double[] weights) = ReferenceRouter.Choose(moe, logits, moe.SelectionBias ? tensors.Vector(TensorNames.SelectionBias(layer)) : []);
        double[] scores = [.. logits.Select(ReferenceActivation.Sigmoid)];
        if (moe.Gating != GatingKind.Sigmoid)
        {
            scores = [.. logits];
            ReferenceMath.Softmax(scores);
        }

        return (experts, weights, scores);
    }

    private double[] Perceptron(Activation activation, double[] input, string gateName, string upName, string downName, string[] biases)
    {
        bool gated = activation is not (Activation.Gelu or Activation.GeluTanh or Activation.Relu or Activation.ReluSquared);
        double[] up = Project(upName, input, biases, 1);
        double[] gate = gated ? Project(gateName, input, biases, 0) : up;
        return Project(downName, [.. up.Select((value, index) => ReferenceActivation.Of(activation, gate[index], value))], biases, 2);
    }

    private double[] Project(string name, double[] input, string[] biases, int bias)
    {
        double[] output = tensors.Product(name, input);
        if (biases.Length > 0)
        {
            ReferenceMath.Add(output, tensors.Vector(biases[bias]));
        }

        return output;
    }
}
