using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Routing;

/// <summary>
/// What a gate decided for one pass: which rows every expert multiplies, and how their outputs become the tokens' outputs. The rows of an
/// expert lie together, so that one product per expert serves them all. Most gates make a <see cref="TableRouting"/>, in which every row is
/// a token; rows that are mixtures of tokens (Soft MoE) are another kind, and callers need not know.
/// </summary>
internal abstract class ExpertRouting
{
    /// <summary>Number of rows of every expert.</summary>
    internal abstract IReadOnlyList<long> RowCounts { get; }

    /// <summary>The losses that this gate adds to the training, raw: their coefficients are the configuration's. Empty in evaluation.</summary>
    internal IReadOnlyList<RouterLoss> Losses { get; init; } = [];

    /// <summary>Load and drops.</summary>
    internal required RouterStatistics Statistics { get; init; }

    /// <summary>The rows of all experts, sorted by expert.</summary>
    /// <param name="input">[tokens, hidden] in the compute type.</param>
    /// <param name="block">Rows of an expert may be filled up to a multiple of this with any finite values; their outputs are cut off.</param>
    internal abstract ExpertRows Gather(Tensor input, int block);

    /// <summary>Weighs the outputs and adds them up per token.</summary>
    /// <param name="outputs">[sum of <see cref="RowCounts"/>, hidden], in the order of the rows, without what filled up.</param>
    /// <param name="tokens">Number of tokens.</param>
    /// <returns>[tokens, hidden] in F32; zero for tokens that no expert took.</returns>
    internal abstract Tensor Combine(Tensor outputs, long tokens);
}
