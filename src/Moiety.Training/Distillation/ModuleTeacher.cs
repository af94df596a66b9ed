using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Training.Losses;
using Moiety.Training.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Distillation;

/// <summary>
/// The teacher as a second module beside the student: frozen, with the routing of evaluation (no drops, no noise) and without gradients.
/// Its logits are made chunk by chunk when the student's head asks for them.
/// </summary>
internal sealed class ModuleTeacher : ITeacher
{
    private readonly DecoderModule _module;
    private readonly DistillationConfig _config;

    /// <summary>Loads the teacher.</summary>
    /// <param name="checkpoint">Its checkpoint; may be closed afterwards.</param>
    /// <param name="config">Weight and temperature.</param>
    /// <param name="separator">The token that starts every document of the corpus.</param>
    /// <param name="device">Where the student is.</param>
    /// <exception cref="InvalidInputException">The trainer does not compute such a model, or the checkpoint is malformed.</exception>
    internal ModuleTeacher(Checkpoint checkpoint, DistillationConfig config, int separator, TrainingDevice device)
    {
        _config = config;
        _module = new DecoderModule(checkpoint.Config with { EosTokenIds = [separator] }, device: device);
        try
        {
            TorchCheckpointLoader.Fill(_module, checkpoint);
            _module.Freeze();
        }
        catch
        {
            _module.Dispose();
            throw;
        }
    }

    /// <summary>The frozen module.</summary>
    internal DecoderModule Module => _module;

    /// <inheritdoc/>
    public IHeadLoss LossOf(Tensor tokens, IReadOnlyList<int> sequences, ForwardPass pass)
    {
        using IDisposable guard = no_grad();
        using DisposeScope scope = NewDisposeScope();
        ForwardPass own = pass.ForTeacher();
        return new Loss(_module, _module.Forward(tokens, own).MoveToOuterDisposeScope(), own, _config);
    }

    /// <inheritdoc/>
    public void Dispose() => _module.Dispose();

    private sealed class Loss(DecoderModule module, Tensor hidden, ForwardPass pass, DistillationConfig config) : IHeadLoss
    {
        public HeadLoss SumAndGradientInPlace(Tensor logits, Tensor labels, long firstRow, double scale)
        {
            Tensor teacher = module.HeadLogits(hidden.narrow(0, firstRow, labels.shape[0]), pass);
            (double crossEntropy, double distillation) = DistillationLoss.SumAndGradientInPlace(logits, teacher, labels, config.Weight, config.Temperature, scale);
            return new HeadLoss(crossEntropy, distillation);
        }
    }
}
