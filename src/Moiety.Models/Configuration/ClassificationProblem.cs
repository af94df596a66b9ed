namespace Moiety.Models.Configuration;

/// <summary>What the logits of a classifier mean.</summary>
public enum ClassificationProblem
{
    /// <summary>One of the classes is right: softmax.</summary>
    SingleLabel,

    /// <summary>Each class is right or not by itself: sigmoid. Also rerankers, which have one class.</summary>
    MultiLabel,

    /// <summary>The logits are the answer.</summary>
    Regression,
}
