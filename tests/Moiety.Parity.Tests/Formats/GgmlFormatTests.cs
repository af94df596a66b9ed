using Moiety.LlamaCpp;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Randomness;

namespace Moiety.Parity.Tests.Formats;

/// <summary>Every format that ggml has is decoded to the bits that ggml decodes, and encoded to the bytes that it encodes.</summary>
public class GgmlFormatTests
{
    // ggml's numbers, from its header; the formats that the tests of files hold to llama.cpp are here once more.
    internal static readonly Dictionary<string, uint> Numbers = new()
    {
        ["F16"] = 1,
        ["Q4_0"] = 2,
        ["Q4_1"] = 3,
        ["Q5_0"] = 6,
        ["Q5_1"] = 7,
        ["Q8_0"] = 8,
        ["Q2_K"] = 10,
        ["Q3_K"] = 11,
        ["Q4_K"] = 12,
        ["Q5_K"] = 13,
        ["Q6_K"] = 14,
        ["IQ4_NL"] = 20,
        ["IQ4_XS"] = 23,
        ["BF16"] = 30,
        ["MXFP4"] = 39,
    };

    // What quantizers meet: plain weights, outliers, one sign only, few distinct values, very small and rather large ones, zeros.
    private static readonly Dictionary<string, Func<float, float, int, float>> Distributions = new()
    {
        ["normal"] = (_, normal, _) => 0.02f * normal,
        ["outliers"] = (_, normal, i) => normal * (i % 37 == 0 ? 40 : 1),
        ["positive"] = (uniform, _, _) => uniform + 0.1f,
        ["negative"] = (uniform, _, _) => -3 * uniform,
        ["grid"] = (uniform, _, _) => (int)(uniform * 7) - 3,
        ["tiny"] = (_, normal, _) => 1e-6f * normal,
        ["huge"] = (_, normal, _) => 500 * normal,
        ["sparse"] = (uniform, normal, i) => i / 16 % 3 == 0 || uniform < 0.8f ? 0 : normal,
        ["zero"] = (_, _, _) => 0,
        ["constant"] = (_, _, i) => i / 256 % 2 == 0 ? 0.75f : -0.3f,
    };

    public static TheoryData<string> Names => [.. Numbers.Keys];

    public static TheoryData<string, string> Quantized
    {
        get
        {
            TheoryData<string, string> cases = [];
            foreach (string name in Numbers.Keys)
            {
                foreach (string distribution in Distributions.Keys)
                {
                    cases.Add(name, distribution);
                }
            }

            return cases;
        }
    }

    [Fact]
    public void Every_format_but_the_plain_and_those_that_ggml_lacks_is_compared() =>
        Assert.Equal(["F32", "F8_E4M3"], StorageFormats.All.Select(format => format.Name).Where(name => !Numbers.ContainsKey(name)));

    [Theory]
    [MemberData(nameof(Names))]
    public void Any_bytes_are_decoded_to_the_bits_that_ggml_decodes(string name)
    {
        (StorageFormat ours, GgmlFormat theirs) = Formats(name);
        Assert.Equal((name.ToLowerInvariant(), theirs.BlockLength, theirs.BlockBytes), (theirs.Name.ToLowerInvariant(), ours.BlockLength, ours.BlockBytes));
        byte[] blocks = new byte[3000 * ours.BlockBytes];
        Xoshiro256 random = new(7);
        for (int i = 0; i < blocks.Length; i++)
        {
            blocks[i] = (byte)(random.NextUInt64() >> 32);
        }

        float[] expected = theirs.Dequantize(blocks);
        float[] actual = new float[expected.Length];
        ours.Dequantize(blocks, actual);
        for (int i = 0; i < expected.Length; i++)
        {
            bool same = BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i]);
            Assert.True(same || (float.IsNaN(expected[i]) && float.IsNaN(actual[i])), $"element {i}: {actual[i]:R}, ggml has {expected[i]:R}");
        }
    }

    [Theory]
    [MemberData(nameof(Quantized))]
    public void Values_are_encoded_to_the_bytes_that_ggml_encodes(string name, string distribution)
    {
        (StorageFormat ours, GgmlFormat theirs) = Formats(name);
        float[] values = Values(distribution, 1, 8 * 1024);
        byte[] blocks = new byte[ours.RowBytes(values.Length)];
        ours.Quantize(values, blocks);
        AssertSame(theirs.Quantize(values, 1024, []), blocks, ours);
    }

    [Theory]
    [MemberData(nameof(Quantized))]
    public void Values_of_weighted_columns_are_encoded_to_the_bytes_that_ggml_encodes(string name, string distribution)
    {
        (StorageFormat ours, GgmlFormat theirs) = Formats(name);
        float[] values = Values(distribution, 2, 8 * 1024);
        float[] importance = new float[1024];
        new Xoshiro256(3).FillNormal(importance, 2);
        foreach (ref float weight in importance.AsSpan())
        {
            weight = MathF.Exp(weight);
        }

        byte[] blocks = new byte[ours.RowBytes(values.Length)];
        ours.Quantize(values, blocks, importance);
        AssertSame(theirs.Quantize(values, 1024, importance), blocks, ours);
    }

    private static (StorageFormat Ours, GgmlFormat Theirs) Formats(string name) =>
        (StorageFormats.ByName(name), new GgmlFormat(LlamaCppOracle.Require(), Numbers[name]));

    private static float[] Values(string distribution, ulong seed, int count)
    {
        Xoshiro256 random = new(seed);
        float[] normal = new float[count];
        random.FillNormal(normal, 1);
        return [.. normal.Select((value, i) => Distributions[distribution]((float)random.NextDouble(), value, i))];
    }

    private static void AssertSame(byte[] expected, byte[] actual, StorageFormat format)
    {
        int blocks = expected.Length / format.BlockBytes;
        int[] different = [.. Enumerable.Range(0, blocks).Where(b =>
            !expected.AsSpan(b * format.BlockBytes, format.BlockBytes).SequenceEqual(actual.AsSpan(b * format.BlockBytes, format.BlockBytes)))];
        if (different.Length != 0)
        {
            Assert.Fail($"{different.Length} of {blocks} blocks differ, the first is {different[0]}:\n{Show(expected)}\n{Show(actual)}");
        }

        string Show(byte[] bytes) => Convert.ToHexString(bytes, different[0] * format.BlockBytes, format.BlockBytes);
    }
}
