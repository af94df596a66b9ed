namespace Moiety.Models.Configuration;

/// <summary>What a tensor does in the decoder. Naming tables, quantization policies and summaries are keyed by it.</summary>
public enum TensorRole
{
    /// <summary>Token embedding, [vocabulary, hidden].</summary>
    Embedding,

    /// <summary>Norm after the last layer, [hidden].</summary>
    FinalNorm,

    /// <summary>Output head, [vocabulary, hidden].</summary>
    Head,

    /// <summary>Norm before attention, [hidden].</summary>
    AttentionNorm,

    /// <summary>Query projection, [heads * head size, hidden].</summary>
    Query,

    /// <summary>Key projection, [key-value heads * head size, hidden].</summary>
    Key,

    /// <summary>Value projection, [key-value heads * head size, hidden].</summary>
    Value,

    /// <summary>Attention output projection, [hidden, heads * head size].</summary>
    AttentionOutput,

    /// <summary>Norm before the feed-forward, [hidden].</summary>
    FeedForwardNorm,

    /// <summary>Gate projection of a dense layer, [intermediate, hidden].</summary>
    Gate,

    /// <summary>Up projection of a dense layer, [intermediate, hidden].</summary>
    Up,

    /// <summary>Down projection of a dense layer, [hidden, intermediate].</summary>
    Down,

    /// <summary>Router, [experts, hidden].</summary>
    Router,

    /// <summary>Gate projection of one expert, [expert intermediate, hidden].</summary>
    ExpertGate,

    /// <summary>Up projection of one expert, [expert intermediate, hidden].</summary>
    ExpertUp,

    /// <summary>Down projection of one expert, [hidden, expert intermediate].</summary>
    ExpertDown,

    /// <summary>Gate projection of the fixed MLP beside the experts, [intermediate, hidden].</summary>
    ResidualGate,

    /// <summary>Up projection of the fixed MLP beside the experts, [intermediate, hidden].</summary>
    ResidualUp,

    /// <summary>Down projection of the fixed MLP beside the experts, [hidden, intermediate].</summary>
    ResidualDown,

    /// <summary>Mixing weights of a residual MoE, [2, hidden].</summary>
    Coefficient,

    /// <summary>Mixing bias of a residual MoE, [2].</summary>
    CoefficientBias,
}
