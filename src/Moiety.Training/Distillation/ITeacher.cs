using Moiety.Training.Losses;
using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Distillation;

/// <summary>What a student learns from: it says for every position of a batch how likely each next token is.</summary>
internal interface ITeacher : IDisposable
{
    /// <summary>The loss of a micro-batch: its labels and what the teacher says.</summary>
    /// <param name="tokens">[batch, length], int64.</param>
    /// <param name="sequences">Numbers of the sequences in the order of the corpus.</param>
    /// <param name="pass">The student's pass, whose arithmetic and documents the teacher shares.</param>
    IHeadLoss LossOf(Tensor tokens, IReadOnlyList<int> sequences, ForwardPass pass);
}
