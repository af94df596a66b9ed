using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;
using Moiety.Numerics;

namespace Moiety.Evaluation.Routing;

/// <summary>A model in which every token of one layer visits all experts.</summary>
/// <param name="model">The model, which stays the caller's.</param>
/// <param name="layer">The layer.</param>
internal sealed class AllExpertsCheckpoint(Checkpoint model, int layer) : Checkpoint
{
    /// <inheritdoc/>
    public override string Path => model.Path;

    /// <inheritdoc/>
    public override ModelConfig Config { get; } = model.Config with
    {
        FeedForwards = model.Config.FeedForwards.SetItem(layer, model.Config.FeedForwards[layer] with { Moe = Everywhere(model.Config.FeedForwards[layer].Moe!) }),
    };

    /// <inheritdoc/>
    public override Tokenizer? Tokenizer => model.Tokenizer;

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> TensorNames => model.TensorNames;

    /// <inheritdoc/>
    public override Matrix GetTensor(string name) => model.GetTensor(name);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }

    // SparseMixer chooses two; how many are chosen matters here, not with what weight.
    private static MoeConfig Everywhere(MoeConfig moe) => moe with
    {
        TopK = moe.ExpertCount,
        GroupCount = 1,
        GroupTopK = 1,
        Gating = moe.Gating == GatingKind.SparseMixer ? GatingKind.Softmax : moe.Gating,
    };
}
