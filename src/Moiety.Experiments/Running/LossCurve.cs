using System.Collections.Immutable;

namespace Moiety.Experiments.Running;

/// <summary>Held-out loss over the course of a training.</summary>
/// <param name="Points">Evaluations in order of steps.</param>
public sealed record LossCurve(ImmutableArray<CurvePoint> Points)
{
    /// <summary>
    /// What a training had cost when its loss first came down to a target: linear in the loss and in the logarithm of the cost between the
    /// evaluation before and the one after. Where the first evaluation is below the target already, its cost, which is an upper bound.
    /// </summary>
    /// <param name="loss">The target in nats per token.</param>
    /// <param name="cost">Which cost of a point, positive.</param>
    /// <returns>The cost, or null when the training never came there.</returns>
    public double? CostAt(double loss, Func<CurvePoint, double> cost)
    {
        ArgumentNullException.ThrowIfNull(cost);
        for (int i = 0; i < Points.Length; i++)
        {
            if (!(Points[i].Loss <= loss))
            {
                continue;
            }

            double after = cost(Points[i]);
            if (i == 0)
            {
                return after;
            }

            double before = cost(Points[i - 1]);
            double share = (Points[i - 1].Loss - loss) / (Points[i - 1].Loss - Points[i].Loss);
            return before * Math.Pow(after / before, share);
        }

        return null;
    }
}
