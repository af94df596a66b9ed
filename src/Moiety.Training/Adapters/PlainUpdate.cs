using Moiety.Models.Configuration;
using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Adapters;

/// <summary>alpha / rank * B A x (LoRA, arXiv 2106.09685), the same for every token.</summary>
internal sealed class PlainUpdate : AdapterUpdate
{
    private readonly float _scale;

    /// <summary>Declares the factors of a matrix.</summary>
    internal PlainUpdate(ParameterStore store, AdapterOptions options, TensorSpec tensor, int index)
        : base(store, options, tensor, index, options.Rank) => _scale = options.Scale;

    /// <inheritdoc/>
    internal override Tensor Of(Tensor input, ForwardPass pass) => pass.Project(pass.Project(Drop(input, pass), First).Times(_scale), Second);
}
