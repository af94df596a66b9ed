namespace Moiety.Models.Configuration;

/// <summary>
/// Every tensor that a configuration calls for, in the order of the forward pass. Readers check files against it, writers
/// follow it, the trainer exports it.
/// </summary>
public static class TensorCatalog
{
    /// <summary>The tensors of a model, lazily, in the order of the forward pass.</summary>
    public static IEnumerable<TensorSpec> For(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return Enumerate(config);
    }

    private static IEnumerable<TensorSpec> Enumerate(ModelConfig config)
    {
        int hidden = config.HiddenSize;
        int queryRows = checked(config.HeadCount * config.HeadSize);
        int keyValueRows = checked(config.KeyValueHeadCount * config.HeadSize);
        yield return Matrix(TensorNames.Embedding, TensorRole.Embedding, -1, config.VocabularySize, hidden);
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            yield return Vector(TensorNames.AttentionNorm(layer), TensorRole.AttentionNorm, layer, hidden);
            yield return Matrix(TensorNames.Query(layer), TensorRole.Query, layer, queryRows, hidden);
            yield return Matrix(TensorNames.Key(layer), TensorRole.Key, layer, keyValueRows, hidden);
            yield return Matrix(TensorNames.Value(layer), TensorRole.Value, layer, keyValueRows, hidden);
            yield return Matrix(TensorNames.AttentionOutput(layer), TensorRole.AttentionOutput, layer, hidden, queryRows);
            yield return Vector(TensorNames.FeedForwardNorm(layer), TensorRole.FeedForwardNorm, layer, hidden);
            FeedForwardConfig feedForward = config.FeedForwards[layer];
            foreach (TensorSpec tensor in feedForward.Moe is { } moe
                ? Moe(layer, hidden, feedForward, moe)
                : Dense(layer, hidden, feedForward))
            {
                yield return tensor;
            }
        }

        yield return Vector(TensorNames.FinalNorm, TensorRole.FinalNorm, -1, hidden);
        if (!config.TieWordEmbeddings)
        {
            yield return Matrix(TensorNames.Head, TensorRole.Head, -1, config.VocabularySize, hidden);
        }
    }

    private static IEnumerable<TensorSpec> Dense(int layer, int hidden, FeedForwardConfig feedForward)
    {
        int inner = feedForward.IntermediateSize;
        yield return Matrix(TensorNames.Gate(layer), TensorRole.Gate, layer, inner, hidden);
        yield return Matrix(TensorNames.Up(layer), TensorRole.Up, layer, inner, hidden);
        yield return Matrix(TensorNames.Down(layer), TensorRole.Down, layer, hidden, inner);
    }

    private static IEnumerable<TensorSpec> Moe(int layer, int hidden, FeedForwardConfig feedForward, MoeConfig moe)
    {
        yield return Matrix(TensorNames.Router(layer), TensorRole.Router, layer, moe.ExpertCount, hidden);
        for (int expert = 0; expert < moe.ExpertCount; expert++)
        {
            int inner = moe.ExpertIntermediateSize;
            yield return Matrix(TensorNames.ExpertGate(layer, expert), TensorRole.ExpertGate, layer, inner, hidden, expert);
            yield return Matrix(TensorNames.ExpertUp(layer, expert), TensorRole.ExpertUp, layer, inner, hidden, expert);
            yield return Matrix(TensorNames.ExpertDown(layer, expert), TensorRole.ExpertDown, layer, hidden, inner, expert);
        }

        if (moe.Residual)
        {
            int inner = feedForward.IntermediateSize;
            yield return Matrix(TensorNames.ResidualGate(layer), TensorRole.ResidualGate, layer, inner, hidden);
            yield return Matrix(TensorNames.ResidualUp(layer), TensorRole.ResidualUp, layer, inner, hidden);
            yield return Matrix(TensorNames.ResidualDown(layer), TensorRole.ResidualDown, layer, hidden, inner);
            yield return Matrix(TensorNames.Coefficient(layer), TensorRole.Coefficient, layer, 2, hidden);
            yield return Vector(TensorNames.CoefficientBias(layer), TensorRole.CoefficientBias, layer, 2);
        }
    }

    private static TensorSpec Matrix(string name, TensorRole role, int layer, int rows, int columns, int expert = -1) =>
        new(name, role, layer, expert, rows, columns, IsVector: false);

    private static TensorSpec Vector(string name, TensorRole role, int layer, int length) =>
        new(name, role, layer, -1, 1, length, IsVector: true);
}
