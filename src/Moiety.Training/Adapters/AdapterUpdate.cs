using Moiety.Models.Configuration;
using Moiety.Numerics.Randomness;
using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Adapters;

/// <summary>What an adapter adds to the products of one matrix.</summary>
internal abstract class AdapterUpdate
{
    private const ulong DropoutPurpose = 0x6c6f7261;

    private readonly double _dropout;
    private readonly int _index;

    /// <summary>Declares A and B.</summary>
    /// <param name="store">Where they live.</param>
    /// <param name="options">The adapter.</param>
    /// <param name="tensor">The matrix.</param>
    /// <param name="index">Number of the update in the adapter: the stream of its dropout.</param>
    /// <param name="inner">Width between A and B: the rank, of all experts together.</param>
    protected AdapterUpdate(ParameterStore store, AdapterOptions options, TensorSpec tensor, int index, int inner)
    {
        _dropout = options.Dropout;
        _index = index;
        Tensor = tensor;
        First = store.Declare((FirstName(tensor.Name), inner, tensor.Columns));
        Second = store.Declare((SecondName(tensor.Name), tensor.Rows, inner));
    }

    /// <summary>The matrix.</summary>
    internal TensorSpec Tensor { get; }

    /// <summary>A.</summary>
    protected Parameter First { get; }

    /// <summary>B.</summary>
    protected Parameter Second { get; }

    /// <summary>Name of a matrix's A in the store.</summary>
    internal static string FirstName(string tensor) => tensor + ".lora_A";

    /// <summary>Name of a matrix's B in the store.</summary>
    internal static string SecondName(string tensor) => tensor + ".lora_B";

    /// <summary>Name of a matrix's router in the store.</summary>
    internal static string RouterName(string tensor) => tensor + ".lora_router";

    /// <summary>The update of some rows.</summary>
    /// <param name="input">[rows, columns of the matrix] in the compute type.</param>
    /// <param name="pass">The forward pass; receives losses and statistics of a router.</param>
    /// <returns>[rows, rows of the matrix] in the compute type.</returns>
    internal abstract Tensor Of(Tensor input, ForwardPass pass);

    /// <summary>Draws A with the deviation that PEFT's start has, 1 / sqrt(3 * columns); B stays zero.</summary>
    internal virtual void Initialize(ParameterStore store, ulong seed) =>
        store.FillNormal(FirstName(Tensor.Name), seed, 1 / Math.Sqrt(3.0 * Tensor.Columns));

    /// <summary>The input of A: in training, a random part of it is left out.</summary>
    protected Tensor Drop(Tensor input, ForwardPass pass)
    {
        if (_dropout == 0 || !pass.TrackRouterLosses)
        {
            return input;
        }

        Xoshiro256 random = new(pass.Seed, DropoutPurpose, (ulong)_index);
        float kept = (float)(1 / (1 - _dropout));
        float[] mask = new float[input.numel()];
        foreach (ref float factor in mask.AsSpan())
        {
            factor = random.NextDouble() < _dropout ? 0 : kept;
        }

        return input * pass.Cast(tensor(mask, device: input.device).view(input.shape));
    }
}
