namespace Moiety.Planning.Costs;

/// <summary>
/// Operations of one token's forward pass, by what does them. A multiply-add counts as two. Matrix products only: norms, biases,
/// non-linearities and softmax, which are well below a hundredth of it, are left out, as they are in published counts.
/// </summary>
/// <param name="Projections">Query, key, value and output projections of all layers, with those of latent attention.</param>
/// <param name="Scores">Products of queries with keys and of weights with values, for the keys that the mean token sees.</param>
/// <param name="Dense">Dense feed-forwards, fixed MLPs beside experts and their mixing weights, convolutions.</param>
/// <param name="Router">Routers.</param>
/// <param name="Experts">The experts that the token visits.</param>
/// <param name="Shared">Shared experts.</param>
/// <param name="Head">The output head with the projections around embedding and head, or the classifier.</param>
public readonly record struct ForwardFlops(double Projections, double Scores, double Dense, double Router, double Experts, double Shared, double Head)
{
    /// <summary>All of it.</summary>
    public double Total => Projections + Scores + Dense + Router + Experts + Shared + Head;

    /// <summary>The sum of two, part by part.</summary>
    public static ForwardFlops operator +(ForwardFlops left, ForwardFlops right) => new(
        left.Projections + right.Projections,
        left.Scores + right.Scores,
        left.Dense + right.Dense,
        left.Router + right.Router,
        left.Experts + right.Experts,
        left.Shared + right.Shared,
        left.Head + right.Head);
}
