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

    /// <summary>Learned positions, [positions, hidden].</summary>
    PositionEmbedding,

    /// <summary>Token types (segments) of encoders, [types, hidden].</summary>
    TokenTypeEmbedding,

    /// <summary>Norm after the embedding, [hidden].</summary>
    EmbeddingNorm,

    /// <summary>Its bias, [hidden].</summary>
    EmbeddingNormBias,

    /// <summary>From the embedding's width to the residual stream's, [hidden, embedding size].</summary>
    EmbeddingProjection,

    /// <summary>From the residual stream's width to the embedding's, [embedding size, hidden].</summary>
    HeadProjection,

    /// <summary>Bias of the norm after the last layer, [hidden].</summary>
    FinalNormBias,

    /// <summary>Bias of the output head, [vocabulary].</summary>
    HeadBias,

    /// <summary>Bias of the norm before attention, [hidden].</summary>
    AttentionNormBias,

    /// <summary>[heads * head size].</summary>
    QueryBias,

    /// <summary>[key-value heads * head size].</summary>
    KeyBias,

    /// <summary>[key-value heads * head size].</summary>
    ValueBias,

    /// <summary>[hidden].</summary>
    AttentionOutputBias,

    /// <summary>Norm on queries, [head size] or [heads * head size].</summary>
    QueryNorm,

    /// <summary>Norm on keys, [head size] or [key-value heads * head size].</summary>
    KeyNorm,

    /// <summary>One logit per head, [heads].</summary>
    AttentionSinks,

    /// <summary>Norm on the output of attention, [hidden].</summary>
    AttentionOutputNorm,

    /// <summary>Latent attention: compresses the query, [query rank, hidden].</summary>
    QueryDown,

    /// <summary>Latent attention: norm of the compressed query, [query rank].</summary>
    QueryDownNorm,

    /// <summary>Latent attention: compresses keys and values, and gives the rotary key, [key-value rank + rotary head size, hidden].</summary>
    KeyValueDown,

    /// <summary>Latent attention: norm of the compressed keys and values, [key-value rank].</summary>
    KeyValueDownNorm,

    /// <summary>Latent attention: for each head its plain key rows, then its value rows, [heads * (plain head size + value head size), key-value rank].</summary>
    KeyValueUp,

    /// <summary>Bias of the norm before the feed-forward, [hidden].</summary>
    FeedForwardNormBias,

    /// <summary>Norm on the output of the feed-forward, [hidden].</summary>
    FeedForwardOutputNorm,

    /// <summary>[intermediate].</summary>
    GateBias,

    /// <summary>[intermediate].</summary>
    UpBias,

    /// <summary>[hidden].</summary>
    DownBias,

    /// <summary>Bias of the router, [experts].</summary>
    RouterBias,

    /// <summary>Bias for the choice of experts only, [experts].</summary>
    SelectionBias,

    /// <summary>Hash routing: the expert of each token id, [vocabulary]; always F32.</summary>
    ExpertTable,

    /// <summary>[expert intermediate].</summary>
    ExpertGateBias,

    /// <summary>[expert intermediate].</summary>
    ExpertUpBias,

    /// <summary>[hidden].</summary>
    ExpertDownBias,

    /// <summary>Gate projection of the shared experts, [shared intermediate, hidden].</summary>
    SharedGate,

    /// <summary>Up projection of the shared experts, [shared intermediate, hidden].</summary>
    SharedUp,

    /// <summary>Down projection of the shared experts, [hidden, shared intermediate].</summary>
    SharedDown,

    /// <summary>What a sigmoid turns into the weight of the shared experts, [1, hidden].</summary>
    SharedWeight,

    /// <summary>What each head adds to its scores, by bucket of distance, [buckets, heads]; one for all layers.</summary>
    RelativeBias,

    /// <summary>Disentangled attention: embedding of relative positions, [2 * span, hidden]; one for all layers.</summary>
    RelativeEmbedding,

    /// <summary>Disentangled attention: norm of that embedding, [hidden].</summary>
    RelativeEmbeddingNorm,

    /// <summary>Its bias, [hidden].</summary>
    RelativeEmbeddingNormBias,

    /// <summary>Disentangled attention: key projection of relative positions, [heads * head size, hidden].</summary>
    RelativeKey,

    /// <summary>[heads * head size].</summary>
    RelativeKeyBias,

    /// <summary>Disentangled attention: query projection of relative positions, [heads * head size, hidden].</summary>
    RelativeQuery,

    /// <summary>[heads * head size].</summary>
    RelativeQueryBias,

    /// <summary>Convolution over the embedding, [hidden * hidden, kernel]: a row holds the taps of one element of the product.</summary>
    Convolution,

    /// <summary>[hidden].</summary>
    ConvolutionBias,

    /// <summary>Norm after the convolution joined the residual stream, [hidden].</summary>
    ConvolutionNorm,

    /// <summary>[hidden].</summary>
    ConvolutionNormBias,

    /// <summary>Classifier: what the first token's state goes through before the activation, [hidden, hidden].</summary>
    ClassifierDense,

    /// <summary>[hidden].</summary>
    ClassifierDenseBias,

    /// <summary>Classifier: from the activated state to the logits, [labels, hidden].</summary>
    ClassifierOutput,

    /// <summary>[labels].</summary>
    ClassifierOutputBias,
}
