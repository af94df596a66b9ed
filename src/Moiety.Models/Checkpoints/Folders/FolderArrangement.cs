using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Models.Families.Layouts;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints.Folders;

/// <summary>
/// Gives every planned tensor the layout that Hugging Face folders have for its format, and describes it as <c>quantization_config</c>.
/// A folder has one method of quantization; what its layout cannot hold gets 16 bits, or is refused where the family's files hold no
/// linear layers there.
/// </summary>
internal sealed class FolderArrangement
{
    private readonly ModelFamily _family;
    private readonly ImmutableArray<PlannedTensor> _planned;
    private readonly StorageFormat? _quantized;
    private readonly HashSet<PlannedTensor> _quantizedTensors;

    /// <summary>Arranges the tensors of a folder.</summary>
    /// <param name="family">Its family, for messages.</param>
    /// <param name="planned">The tensors with their formats.</param>
    /// <param name="wish">The format that is asked for.</param>
    /// <exception cref="InvalidInputException">Two methods would be needed, or the family's files do not hold a matrix in the shape that the format needs.</exception>
    public FolderArrangement(ModelFamily family, ImmutableArray<PlannedTensor> planned, Func<TensorSpec, StorageFormat> wish)
    {
        _family = family;
        _planned = planned;
        foreach (PlannedTensor tensor in planned)
        {
            if (tensor.Parts.Select(part => wish(part.Tensor)).FirstOrDefault(format => !FolderFormats.IsPlain(format)) is { } format)
            {
                RefuseUnlessLinear(tensor, format);
            }
        }

        PlannedTensor[] wished = [.. planned.Where(tensor => !FolderFormats.IsPlain(tensor.Declaration.Format))];
        StorageFormat[] formats = [.. wished.Select(tensor => tensor.Declaration.Format).Distinct()];
        if (formats.Length > 1)
        {
            throw new InvalidInputException(
                $"a Hugging Face folder has one method of quantization, not {string.Join(" and ", formats.Select(format => format.Name))}: choose one, with F16 or BF16 beside it, or a name that ends in .gguf.");
        }

        _quantized = formats.FirstOrDefault();
        HashSet<string> unfit = [.. wished.Where(tensor => !Fits(tensor)).Select(ModuleInLayer)];
        _quantizedTensors = [.. wished.Where(tensor => !unfit.Contains(ModuleInLayer(tensor)))];
        Notes = NotesOf(wished);
        Tensors = [.. planned.Select(Arrange)];
        MainType = _quantized is null ? MostOf(planned) : FolderFormats.Companion(_quantized);
        Quantization = _quantizedTensors.Count == 0 ? null : Describe();
    }

    /// <summary>The tensors of the folder.</summary>
    public ImmutableArray<FolderTensor> Tensors { get; }

    /// <summary>The type that is computed in: that of most bytes, or of what is not quantized.</summary>
    public StorageFormat MainType { get; }

    /// <summary>The <c>quantization_config</c>, or null when nothing is quantized.</summary>
    public JsonObject? Quantization { get; }

    /// <summary>Which matrices did not get the wished format, and why.</summary>
    public ImmutableArray<string> Notes { get; }

    private static StorageFormat MostOf(ImmutableArray<PlannedTensor> planned) =>
        planned.GroupBy(tensor => tensor.Declaration.Format).MaxBy(group => group.Sum(tensor => tensor.Declaration.ByteLength))!.Key;

    private FolderTensor Arrange(PlannedTensor tensor)
    {
        StorageFormat format = tensor.Declaration.Format;
        if (FolderFormats.IsPlain(format))
        {
            return new PlainFolderTensor(tensor);
        }

        if (!_quantizedTensors.Contains(tensor))
        {
            return new PlainFolderTensor(tensor with { Declaration = tensor.Declaration with { Format = FolderFormats.Companion(format) } });
        }

        return format == StorageFormats.MXFP4 ? new Mxfp4FolderTensor(tensor)
            : format == StorageFormats.F8_E4M3 ? new Float8FolderTensor(tensor)
            : new GptqFolderTensor(tensor);
    }

    // A matrix that is no linear layer in the family's files is refused, not left out.
    private void RefuseUnlessLinear(PlannedTensor tensor, StorageFormat format)
    {
        TensorPlacement part = tensor.Parts[0];
        if (format == StorageFormats.MXFP4 && !_planned.Any(other => other.Declaration.Name.EndsWith(Mxfp4FolderTensor.BlocksSuffix, StringComparison.Ordinal)))
        {
            throw new InvalidInputException(
                $"MXFP4: Hugging Face folders hold it for experts of gpt_oss only, not for \"{part.Name}\" of {_family.Name}. Give the output a name that ends in .gguf, or choose another format.");
        }

        string? reason = format == StorageFormats.MXFP4 ? null
            : part.StackSize > 0 ? "stacked experts"
            : part.IsTransposed ? "a transposed matrix (Conv1D)"
            : !part.Name.EndsWith(FolderPlan.WeightSuffix, StringComparison.Ordinal) || part.Location.Offset != 0 ? "no weight of a linear layer"
            : null;
        if (reason is not null)
        {
            string where = FolderFormats.IsExpert(part.Tensor.Role) ? " for the experts" : "";
            throw new InvalidInputException(
                $"tensor \"{part.Name}\": in folders of {_family.Name} it is {reason}, for which {format.Name} has no published layout. Give the output a name that ends in .gguf, or choose F16 or BF16{where}.");
        }
    }

    // Whether the layout holds the matrix.
    private bool Fits(PlannedTensor tensor)
    {
        StorageFormat format = tensor.Declaration.Format;
        return format == StorageFormats.MXFP4 ? FitsMxfp4(tensor)
            : format == StorageFormats.F8_E4M3
            || (tensor.Declaration.Shape[1] % GptqFolderTensor.GroupSize == 0 && tensor.Declaration.Shape[0] % GptqFolderTensor.RowMultiple == 0);
    }

    private bool FitsMxfp4(PlannedTensor tensor)
    {
        if (tensor.Declaration.Name.EndsWith(Mxfp4FolderTensor.BlocksSuffix, StringComparison.Ordinal))
        {
            return tensor.Declaration.Shape[^1] % StorageFormats.MXFP4.BlockLength == 0
                ? true
                : throw new InvalidInputException($"tensor \"{tensor.Declaration.Name}\": MXFP4 stores blocks of {StorageFormats.MXFP4.BlockLength} elements, which do not divide rows of {tensor.Declaration.Shape[^1]}.");
        }

        // Beside such experts the published files have nothing in MXFP4.
        return false;
    }

    private ImmutableArray<string> NotesOf(PlannedTensor[] wished) =>
    [
        .. wished.Where(tensor => !_quantizedTensors.Contains(tensor))
            .GroupBy(tensor => tensor.Parts[0].Tensor.Role)
            .Select(group => $"{group.Key}: {group.Count()} tensors became {FolderFormats.Companion(_quantized!).Name}: "
                + (_quantized == StorageFormats.MXFP4
                    ? "folders hold MXFP4 for experts only."
                    : $"GPTQ needs rows of a multiple of {GptqFolderTensor.GroupSize} elements, and a multiple of {GptqFolderTensor.RowMultiple} rows, in all layers.")),
    ];

    private JsonObject Describe()
    {
        if (_quantized == StorageFormats.MXFP4)
        {
            return new JsonObject
            {
                ["quant_method"] = "mxfp4",
                ["modules_to_not_convert"] = Texts(["model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"]),
            };
        }

        if (_quantized == StorageFormats.F8_E4M3)
        {
            JsonObject floats = new()
            {
                ["quant_method"] = "fp8",
                ["fmt"] = "e4m3",
                ["activation_scheme"] = "dynamic",
                ["weight_block_size"] = new JsonArray(Float8FolderTensor.Block, Float8FolderTensor.Block),
            };
            string[] plain = [.. _planned.Where(tensor => !_quantizedTensors.Contains(tensor) && MayBeLinear(tensor)).Select(tensor => tensor.Declaration.Name[..^FolderPlan.WeightSuffix.Length])];
            if (plain.Length > 0)
            {
                floats["modules_to_not_convert"] = Texts(plain);
            }

            return floats;
        }

        JsonObject integers = new()
        {
            ["quant_method"] = "gptq",
            ["bits"] = GptqFolderTensor.BitsOf(_quantized!),
            ["group_size"] = GptqFolderTensor.GroupSize,
            ["sym"] = true,
            ["desc_act"] = false,
            ["lm_head"] = false,
            ["checkpoint_format"] = "gptq",
        };
        if (_planned.Any(tensor => tensor.Parts[0].Tensor.Layer >= 0 && !_quantizedTensors.Contains(tensor) && MayBeLinear(tensor)))
        {
            integers["modules_in_block_to_quantize"] = new JsonArray(Texts([.. _planned.Where(_quantizedTensors.Contains).Select(ModuleInLayer).Distinct()]));
        }

        return integers;
    }

    // Matrices that a loader might take for quantized linear layers when it is not told.
    private static bool MayBeLinear(PlannedTensor tensor) =>
        tensor.Declaration.Shape.Length == 2 && tensor.Declaration.Name.EndsWith(FolderPlan.WeightSuffix, StringComparison.Ordinal)
        && tensor.Parts[0].Tensor.Role is not (TensorRole.Embedding or TensorRole.PositionEmbedding or TensorRole.TokenTypeEmbedding);

    // "self_attn.q_proj" of "model.layers.7.self_attn.q_proj.weight".
    private static string ModuleInLayer(PlannedTensor tensor)
    {
        TensorPlacement part = tensor.Parts[0];
        string template = part.Location.Names[0];
        int layer = template.IndexOf(TensorNaming.Layer, StringComparison.Ordinal);
        string name = TensorNaming.Resolve(layer < 0 ? template : template[(layer + TensorNaming.Layer.Length + 1)..], part.Tensor);
        return name.EndsWith(FolderPlan.WeightSuffix, StringComparison.Ordinal) ? name[..^FolderPlan.WeightSuffix.Length] : name;
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => JsonValue.Create(text))]);
}
