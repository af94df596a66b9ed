using Moiety.Models.Configuration;
using Moiety.Models.Json;

namespace Moiety.Models.Checkpoints.Quantized;

/// <summary>
/// Puts the matrices of a quantized Hugging Face folder together: what its <c>quantization_config</c> says is stored as several
/// tensors becomes one under the name that the model calls for. Methods that are not known are refused by name.
/// </summary>
internal static class QuantizedWeights
{
    private const string Weights = ".qweight";

    // Scales of activations: what was quantized on the fly is computed unquantized here.
    private static readonly string[] ActivationScales = [".input_scale", ".input_scale_ub", ".activation_scale", ".output_scale", ".k_scale", ".v_scale"];

    /// <summary>Replaces parts by matrices.</summary>
    /// <param name="settings">The <c>quantization_config</c>.</param>
    /// <param name="tensors">The tensors of the files by name.</param>
    /// <exception cref="InvalidCheckpointException">The method or a setting is not supported, or parts do not belong together.</exception>
    public static void Join(JsonField settings, Dictionary<string, FileTensor> tensors)
    {
        // Folders of the first tools for GPTQ do not name the method.
        string method = settings.Text("quant_method") ?? "gptq";
        switch (method)
        {
            case "gptq":
                PackedIntegerSettings gptq = ReadGptq(settings);
                JoinIntegers(tensors, (name, parts) => new GptqTensor(Parts(name, gptq, tensors, parts, packsColumns: true), gptq.ZeroOffset));
                return;
            case "awq":
                PackedIntegerSettings awq = ReadAwq(settings);
                JoinIntegers(tensors, (name, parts) => new AwqTensor(Parts(name, awq, tensors, parts, packsColumns: false)));
                return;
            case "fp8" or "fbgemm_fp8":
                JoinFloats(tensors, ReadBlock(settings));
                return;
            case "compressed-tensors":
                string format = settings.Text("format") ?? throw settings.Error("format", "it is missing");
                if (format != "float-quantized")
                {
                    throw settings.Error("format", $"\"{format}\" of compressed-tensors is not supported; \"float-quantized\" is. {Hint}");
                }

                JoinFloats(tensors, block: null);
                return;
            case "mxfp4":
                JoinMxfp4(tensors);
                return;
            default:
                throw settings.Error("quant_method", $"the quantization method \"{method}\" is not supported; known: awq, compressed-tensors (float-quantized), fbgemm_fp8, fp8, gptq, mxfp4. {Hint}");
        }
    }

    private static string Hint => "Take the original weights, or a GGUF file";

    private static PackedIntegerSettings ReadGptq(JsonField settings)
    {
        int bits = settings.Get("bits").Int32();
        if (bits is not (4 or 8))
        {
            throw settings.Error("bits", $"GPTQ of {bits} bits is not supported; 4 and 8 are. {Hint}");
        }

        string version = settings.Text("checkpoint_format") ?? (settings.Boolean("is_marlin_format") is true ? "marlin" : "gptq");
        if (version is not ("gptq" or "gptq_v2"))
        {
            throw settings.Error("checkpoint_format", $"the layout \"{version}\" is not supported; known: gptq, gptq_v2. {Hint}");
        }

        return new PackedIntegerSettings(bits, GroupSize(settings, "group_size"), settings.Boolean("sym") ?? true, version == "gptq" ? 1 : 0);
    }

    private static PackedIntegerSettings ReadAwq(JsonField settings)
    {
        int bits = settings.Int32("bits") ?? settings.Get("w_bit").Int32();
        string version = (settings.Text("version") ?? "gemm").ToLowerInvariant();
        if (bits != 4 || version != "gemm")
        {
            throw bits != 4
                ? settings.Error("bits", $"AWQ of {bits} bits is not supported; 4 is. {Hint}")
                : settings.Error("version", $"the layout \"{version}\" of AWQ is not supported; \"gemm\" is. {Hint}");
        }

        return new PackedIntegerSettings(bits, GroupSize(settings, settings.Has("group_size") ? "group_size" : "q_group_size"), IsSymmetric: false, ZeroOffset: 0);
    }

    private static int GroupSize(JsonField settings, string key)
    {
        int size = settings.Get(key).Int32();
        return size is -1 or > 0 ? size : throw settings.Error(key, $"{size} is neither -1 nor positive");
    }

    private static (int Rows, int Columns)? ReadBlock(JsonField settings)
    {
        if (settings.Find("weight_block_size") is not { } size)
        {
            return null;
        }

        int[] block = [.. size.Items().Take(3).Select(item => item.Int32())];
        return block is [> 0, > 0] ? (block[0], block[1]) : throw size.Error($"two positive numbers are expected, found {size.Show()}");
    }

    private static void JoinIntegers(Dictionary<string, FileTensor> tensors, Func<string, FileTensor, FileTensor> join)
    {
        foreach (string part in tensors.Keys.Where(name => name.EndsWith(Weights, StringComparison.Ordinal)).ToArray())
        {
            string layer = part[..^Weights.Length];
            FileTensor joined = join(layer + ".weight", tensors[part]);
            if (!tensors.TryAdd(joined.Name, joined))
            {
                throw new InvalidCheckpointException(joined.Path, $"tensor \"{joined.Name}\"", "it is there both quantized and not");
            }

            foreach (string suffix in (ReadOnlySpan<string>)[Weights, ".qzeros", ".scales", ".g_idx"])
            {
                tensors.Remove(layer + suffix);
            }

            DropZeroBias(tensors, layer + ".bias");
        }
    }

    // The first tools for GPTQ wrote biases of zeros into models that have none.
    private static void DropZeroBias(Dictionary<string, FileTensor> tensors, string name)
    {
        if (tensors.TryGetValue(name, out FileTensor? bias) && bias.Shape is [> 0 and <= ModelConfigValidator.MaxWidth] && bias.Type.BlockLength == 1)
        {
            bias.MayBeLeftOver = IsZero(bias);
        }
    }

    private static unsafe bool IsZero(FileTensor tensor)
    {
        using TensorBytes bytes = new(tensor);
        return !new ReadOnlySpan<byte>(bytes.Pointer, checked((int)tensor.Shape[0] * tensor.Type.BlockBytes)).ContainsAnyExcept((byte)0);
    }

    private static PackedIntegerParts Parts(string name, PackedIntegerSettings settings, Dictionary<string, FileTensor> tensors, FileTensor weights, bool packsColumns)
    {
        string layer = name[..^".weight".Length];
        FileTensor Find(string suffix) => tensors.TryGetValue(layer + suffix, out FileTensor? found)
            ? found
            : throw new InvalidCheckpointException(weights.Path, $"tensor \"{layer}{suffix}\"", $"it is missing beside \"{weights.Name}\"");
        return new PackedIntegerParts(name, settings, weights, Find(".qzeros"), Find(".scales"), tensors.GetValueOrDefault(layer + ".g_idx"), packsColumns);
    }

    private static void JoinFloats(Dictionary<string, FileTensor> tensors, (int Rows, int Columns)? block)
    {
        foreach ((string name, FileTensor weights) in tensors.Where(pair => pair.Value.Type.Name == Float8Tensor.TypeName).ToArray())
        {
            string scales = tensors.ContainsKey(name + "_scale_inv") ? name + "_scale_inv" : name + "_scale";
            if (!tensors.Remove(scales, out FileTensor? found))
            {
                throw new InvalidCheckpointException(weights.Path, $"tensor \"{name}\"", $"its scales \"{name}_scale_inv\" or \"{name}_scale\" are missing");
            }

            tensors[name] = new Float8Tensor(weights, found, block);
        }

        foreach (string name in tensors.Keys.Where(name => Array.Exists(ActivationScales, suffix => name.EndsWith(suffix, StringComparison.Ordinal))).ToArray())
        {
            tensors.Remove(name);
        }
    }

    private static void JoinMxfp4(Dictionary<string, FileTensor> tensors)
    {
        const string Blocks = "_blocks";
        foreach (string name in tensors.Keys.Where(name => name.EndsWith(Blocks, StringComparison.Ordinal)).ToArray())
        {
            string scales = name[..^Blocks.Length] + "_scales";
            if (!tensors.Remove(scales, out FileTensor? exponents))
            {
                throw new InvalidCheckpointException(tensors[name].Path, $"tensor \"{scales}\"", $"it is missing beside \"{name}\"");
            }

            tensors[name] = new Mxfp4Tensor(tensors[name], exponents);
        }
    }
}
