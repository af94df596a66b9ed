namespace Moiety.Training.Routing;

/// <summary>
/// The rule by which one layer sends tokens to experts, while it is trained. A gate owns what it learns beyond the router (a noise matrix,
/// say), and says with its routing which losses keep it in balance. One file each, listed in <see cref="GateRegistry"/>.
/// </summary>
internal interface IGate
{
    /// <summary>
    /// Called once when a model is initialized, after all parameters were drawn from a normal distribution: for gates whose own parameters
    /// start otherwise.
    /// </summary>
    /// <param name="start">The seed and the corpus.</param>
    void Initialize(GateStart start)
    {
    }

    /// <summary>Routes the tokens of one pass. Without <see cref="GateInput.IsTraining"/> nothing is random, except drops.</summary>
    /// <param name="input">The router's logits and what the pass knows.</param>
    ExpertRouting Route(GateInput input);

    /// <summary>
    /// Called once after every optimizer step, when all micro-batches have been routed: what balances without a gradient moves its biases
    /// here. State that reaches over steps belongs into parameters, since nothing else is saved with a checkpoint.
    /// </summary>
    void AfterStep();
}
