using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;
using Moiety.Numerics;

namespace Moiety.Evaluation.Tests;

/// <summary>A model with a tokenizer that it did not come with.</summary>
internal sealed class TokenizedCheckpoint(Checkpoint model, Tokenizer tokenizer) : Checkpoint
{
    public override string Path => model.Path;

    public override ModelConfig Config => model.Config;

    public override Tokenizer? Tokenizer => tokenizer;

    public override IReadOnlyCollection<string> TensorNames => model.TensorNames;

    public override Matrix GetTensor(string name) => model.GetTensor(name);

    protected override void Dispose(bool disposing)
    {
    }
}
