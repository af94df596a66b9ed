using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Kernels;

/// <summary>
/// x W^T with a weight of a <see cref="ParameterStore"/>. The weight's gradient is added to the store's in one pass, in F32 whatever the
/// products are: libtorch's graph would convert it into a copy first and add that in a second pass, and a step touches every weight.
/// </summary>
internal sealed class ProductFunction : autograd.SingleTensorFunction<ProductFunction>
{
    /// <inheritdoc/>
    public override string Name => nameof(ProductFunction);

    /// <summary>Multiplies.</summary>
    /// <param name="input">[rows, columns], F32 or BF16: the type of the products.</param>
    /// <param name="weight">[outputs, columns] in a store; frozen ones get no gradient.</param>
    /// <returns>[rows, outputs] in the type of the input.</returns>
    internal static Tensor Apply(Tensor input, Parameter weight) => apply(input, weight.Value, weight);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        Tensor input = (Tensor)vars[0];
        Tensor weight = (Tensor)vars[1];
        Tensor factor = weight.dtype == input.dtype ? weight.detach() : weight.to(input.dtype);
        ctx.save_for_backward([input, factor]);
        ctx.save_data("weight", vars[2]);
        using Tensor transposed = factor.t();
        return input.mm(transposed);
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradOutput)
    {
        List<Tensor> saved = ctx.get_saved_variables();
        Parameter weight = (Parameter)ctx.get_data("weight");
        if (weight.Value.requires_grad)
        {
            using Tensor transposed = gradOutput.t();
            using Tensor product = transposed.mm(saved[0]);
            using Tensor sum = weight.Gradient;
            GradientSum.Add(product, sum);
        }

        return [gradOutput.mm(saved[1]), null!, null!];
    }
}
