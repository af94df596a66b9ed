using CsCheck;
using Moiety.Training.Kernels;
using Moiety.Training.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Tests.Kernels;

/// <summary>The oracle is libtorch's attention with a dense mask, and its gradient, in double precision.</summary>
public class AttentionFunctionTests
{
    static AttentionFunctionTests() => TorchLibrary.EnsureLoaded();

    private sealed record Case(int Batch, int Length, int Groups, int Sharers, int Size, int Window, int[] Documents, float Scale, int Seed)
    {
        internal int Heads => Groups * Sharers;

        // The first visible position of each, of documents and window.
        internal int[] FirstVisible()
        {
            int[] first = new int[Batch * Length];
            Random random = new(Seed);
            for (int i = 0; i < first.Length; i++)
            {
                int position = i % Length;
                bool starts = Documents.Length > 0 && random.Next(Documents[i % Documents.Length]) == 0;
                int document = position == 0 || starts ? position : first[i - 1];
                first[i] = Window == 0 ? document : Math.Max(document, position + 1 - Window);
            }

            return first;
        }

        public override string ToString() => $"{Batch} x {Length}, {Groups} x {Sharers} heads of {Size}, window {Window}, documents [{string.Join(' ', Documents)}], scale {Scale}, seed {Seed}";
    }

    private static readonly Gen<Case> Cases = Gen.Select(
        Gen.Int[1, 3], Gen.Frequency((3, Gen.Int[1, 70]), (1, Gen.Int[120, 300])), Gen.Int[1, 3], Gen.Int[1, 3], Gen.Frequency((2, Gen.Int[1, 40]), (1, Gen.Const(64)), (1, Gen.Const(80))), Gen.Frequency((3, Gen.Const(0)), (1, Gen.Int[1, 200])),
        Gen.Frequency((1, Gen.Const(Array.Empty<int>())), (2, Gen.Int[2, 60].Array[1, 4])),
        Gen.Int[0, 1 << 20])
        .Select((batch, length, groups, sharers, size, window, documents, seed) =>
            new Case(batch, length, groups, sharers, size, window, documents, (float)((0.5 + (seed % 7 / 7.0)) / Math.Sqrt(size)), seed));

    [Fact]
    public void Output_and_gradient_are_those_of_libtorchs_attention_in_double_precision() => Cases.Sample(
        one =>
        {
            using DisposeScope scope = NewDisposeScope();
            (Tensor heads, Tensor upstream) = Draw(one, ScalarType.Float32);
            (Tensor expected, Tensor expectedGradient) = Reference(one, heads, upstream);
            (Tensor actual, Tensor gradient) = Run(one, heads, upstream);
            AssertClose(expected, actual, 1e-5);
            AssertClose(expectedGradient, gradient, 3e-5);
        },
        iter: 150, threads: 1);

    [Fact]
    public void Bfloat16_inputs_are_summed_in_single_precision() => Cases.Sample(
        one =>
        {
            using DisposeScope scope = NewDisposeScope();
            (Tensor heads, Tensor upstream) = Draw(one, ScalarType.BFloat16);
            (Tensor expected, Tensor expectedGradient) = Reference(one, heads, upstream);
            (Tensor actual, Tensor gradient) = Run(one, heads, upstream);
            AssertClose(expected, actual, 0.01);
            AssertClose(expectedGradient, gradient, 0.02);
        },
        iter: 50, threads: 1);

    [Fact]
    public void The_gradient_is_that_of_finite_differences()
    {
        Case one = new(2, 11, 2, 2, 6, 0, [3], 0.5f, Seed: 5);
        using DisposeScope scope = NewDisposeScope();
        (Tensor heads, Tensor upstream) = Draw(one, ScalarType.Float32);
        (_, Tensor gradient) = Run(one, heads, upstream);
        float[] slopes = [.. gradient.flatten().data<float>()];
        const float Step = 1e-2f;
        for (int i = 0; i < slopes.Length; i += 7)
        {
            double numeric = (Loss(i, Step) - Loss(i, -Step)) / (2 * Step);
            Assert.Equal(numeric, slopes[i], 2e-3);
        }

        double Loss(int element, float step)
        {
            Tensor moved = heads.clone();
            moved.flatten()[element].add_(step);
            return (AttentionFunction.Apply(moved, one.Heads, one.FirstVisible(), one.Scale).to(ScalarType.Float64) * upstream).sum().ToDouble();
        }
    }

    [Fact]
    public void The_number_of_threads_changes_nothing()
    {
        Case one = new(3, 150, 2, 2, 32, 0, [40], 0.2f, Seed: 7);
        using DisposeScope scope = NewDisposeScope();
        (Tensor heads, Tensor upstream) = Draw(one, ScalarType.Float32);
        int threads = get_num_threads();
        try
        {
            set_num_threads(1);
            (Tensor output, Tensor gradient) = Run(one, heads, upstream);
            foreach (int count in (int[])[2, 3, 8])
            {
                set_num_threads(count);
                (Tensor again, Tensor gradientAgain) = Run(one, heads, upstream);
                Assert.Equal(output.data<float>().ToArray(), again.data<float>().ToArray());
                Assert.Equal(gradient.data<float>().ToArray(), gradientAgain.data<float>().ToArray());
            }
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    [Fact]
    public void A_packed_document_is_bit_by_bit_what_it_is_alone()
    {
        Case packed = new(1, 230, 1, 2, 32, 0, [], 0.2f, Seed: 9);
        using DisposeScope scope = NewDisposeScope();
        (Tensor heads, Tensor upstream) = Draw(packed, ScalarType.Float32);
        const int Start = 77;
        int[] firstVisible = [.. Enumerable.Range(0, packed.Length).Select(position => position < Start ? 0 : Start)];
        (Tensor output, Tensor gradient) = Run(packed, heads, upstream, firstVisible);
        Case alone = packed with { Length = packed.Length - Start };
        (Tensor outputAlone, Tensor gradientAlone) = Run(
            alone, heads.narrow(1, Start, alone.Length).contiguous(), upstream.narrow(1, Start, alone.Length).contiguous());
        Assert.Equal(outputAlone.data<float>().ToArray(), output.narrow(1, Start, alone.Length).contiguous().data<float>().ToArray());
        Assert.Equal(gradientAlone.data<float>().ToArray(), gradient.narrow(1, Start, alone.Length).contiguous().data<float>().ToArray());
    }

    [Fact]
    public void A_value_that_is_no_number_is_not_swallowed()
    {
        Case one = new(1, 40, 1, 1, 16, 0, [], 0.25f, Seed: 1);
        using DisposeScope scope = NewDisposeScope();
        (Tensor heads, _) = Draw(one, ScalarType.Float32);
        heads[0, 20, 1, 3] = float.NaN; // A key.
        float[] output = [.. AttentionFunction.Apply(heads, 1, one.FirstVisible(), one.Scale).data<float>()];
        Assert.All(output[..(20 * 16)], value => Assert.True(float.IsFinite(value)));
        Assert.All(output[(20 * 16)..], value => Assert.True(float.IsNaN(value)));
    }

    [Fact]
    public void Memory_is_linear_in_the_length()
    {
        // A dense mask and its scores would take 40,000 x 40,000 numbers.
        Case one = new(1, 40_000, 1, 1, 8, 64, [], 0.25f, Seed: 1);
        using DisposeScope scope = NewDisposeScope();
        (Tensor heads, Tensor upstream) = Draw(one, ScalarType.Float32);
        (_, Tensor gradient) = Run(one, heads, upstream);
        Assert.True(gradient.isfinite().all().ToBoolean());
    }

    private static (Tensor Heads, Tensor Upstream) Draw(Case one, ScalarType type)
    {
        using Generator generator = new((ulong)one.Seed);
        Tensor heads = randn([one.Batch, one.Length, one.Heads + (2 * one.Groups), one.Size], generator: generator).mul(1.5).to(type);
        Tensor upstream = randn([one.Batch, one.Length, one.Heads * one.Size], generator: generator).to(type);
        return (heads, upstream);
    }

    private static (Tensor Output, Tensor Gradient) Run(Case one, Tensor heads, Tensor upstream, int[]? firstVisible = null)
    {
        Tensor leaf = heads.clone().requires_grad_(true);
        Tensor output = AttentionFunction.Apply(leaf, one.Heads, firstVisible ?? one.FirstVisible(), one.Scale);
        output.backward([upstream]);
        return (output.detach(), leaf.grad!);
    }

    private static (Tensor Output, Tensor Gradient) Reference(Case one, Tensor heads, Tensor upstream)
    {
        Tensor leaf = heads.to(ScalarType.Float64).requires_grad_(true);
        Tensor[] parts = leaf.split([one.Heads, one.Groups, one.Groups], 2);
        Tensor first = tensor(one.FirstVisible()).view(one.Batch, 1, one.Length, 1);
        Tensor positions = arange(one.Length, dtype: ScalarType.Int32);
        Tensor mask = positions.ge(first).logical_and(positions.le(positions.unsqueeze(1)));
        Tensor queries = parts[0].transpose(1, 2) * (one.Scale * Math.Sqrt(one.Size));
        Tensor mixed = nn.functional.scaled_dot_product_attention(queries, Share(parts[1]), Share(parts[2]), mask);
        Tensor output = mixed.transpose(1, 2).flatten(2);
        output.backward([upstream.to(ScalarType.Float64)]);
        return (output.detach(), leaf.grad!);

        Tensor Share(Tensor part) => part.transpose(1, 2).repeat_interleave(one.Sharers, 1);
    }

    private static void AssertClose(Tensor expected, Tensor actual, double tolerance)
    {
        double largest = expected.abs().max().ToDouble();
        double difference = (expected - actual.to(ScalarType.Float64)).abs().max().ToDouble();
        Assert.True(difference <= tolerance * (1 + largest), $"off by {difference}, the largest is {largest}");
    }
}
