namespace Moiety.Models.Checkpoints.PyTorch;

/// <summary>
/// Everything that a pickle may name: what PyTorch rebuilds tensors with. Naming a function only gives one of these values; the few
/// functions are carried out by <see cref="PickleReader"/> itself, so that no pickle can run anything.
/// </summary>
internal sealed record PickleGlobal(string Name, ElementType? Type = null)
{
    /// <summary>A dictionary that keeps the order of its pairs.</summary>
    public const string OrderedDictionary = "collections.OrderedDict";

    /// <summary>A view of a storage.</summary>
    public const string RebuildTensor = "torch._utils._rebuild_tensor_v2";

    /// <summary>A view of an untyped storage.</summary>
    public const string RebuildTypedTensor = "torch._utils._rebuild_tensor_v3";

    /// <summary>A tensor that is trained.</summary>
    public const string RebuildParameter = "torch._utils._rebuild_parameter";

    /// <summary>A shape.</summary>
    public const string Size = "torch.Size";

    private static readonly Dictionary<string, PickleGlobal> Allowed = new PickleGlobal[]
    {
        new(OrderedDictionary),
        new(RebuildTensor),
        new(RebuildTypedTensor),
        new(RebuildParameter),
        new(Size),
        new("torch.FloatStorage", Safe("F32")),
        new("torch.HalfStorage", Safe("F16")),
        new("torch.BFloat16Storage", Safe("BF16")),
        new("torch.DoubleStorage", Safe("F64")),
        new("torch.LongStorage", Safe("I64")),
        new("torch.IntStorage", Safe("I32")),
        new("torch.ShortStorage", Safe("I16")),
        new("torch.CharStorage", Safe("I8")),
        new("torch.ByteStorage", Safe("U8")),
        new("torch.BoolStorage", Safe("BOOL")),
        new("torch.UntypedStorage", Safe("U8")),
        new("torch.storage.UntypedStorage", Safe("U8")),
        new("torch.float32", Safe("F32")),
        new("torch.float16", Safe("F16")),
        new("torch.bfloat16", Safe("BF16")),
        new("torch.float64", Safe("F64")),
        new("torch.float8_e4m3fn", Safe("F8_E4M3")),
        new("torch.float8_e5m2", Safe("F8_E5M2")),
        new("torch.int64", Safe("I64")),
        new("torch.int32", Safe("I32")),
        new("torch.int16", Safe("I16")),
        new("torch.int8", Safe("I8")),
        new("torch.uint8", Safe("U8")),
        new("torch.uint16", Safe("U16")),
        new("torch.uint32", Safe("U32")),
        new("torch.uint64", Safe("U64")),
        new("torch.bool", Safe("BOOL")),
    }.ToDictionary(global => global.Name, StringComparer.Ordinal);

    // What trainers save beside the weights. A pickle may name these where a training state is expected; nothing of them is made or called.
    private static readonly string[] Inert =
    [
        "argparse.Namespace", "builtins.set", "__builtin__.set",
        "_codecs.encode",
        "numpy.core.multiarray._reconstruct", "numpy.core.multiarray.scalar", "numpy._core.multiarray._reconstruct", "numpy._core.multiarray.scalar",
        "numpy.ndarray", "numpy.dtype",
        "megatron.model.enums.AttnMaskType", "megatron.model.enums.AttnType", "megatron.model.enums.PositionEmbeddingType",
        "deepspeed.runtime.fp16.loss_scaler.LossScaler", "deepspeed.runtime.fp16.loss_scaler.DynamicLossScaler", "deepspeed.runtime.zero.config.ZeroStageEnum",
    ];

    /// <summary>Whether it stands for something that is no tensor and is not made.</summary>
    public bool IsInert { get; private init; }

    /// <summary>Whether it is a kind of storage, not an element type of Python.</summary>
    public bool IsStorage => Type is not null && Name.EndsWith("Storage", StringComparison.Ordinal);

    /// <summary>What a name stands for, or null when a pickle may not name it.</summary>
    public static PickleGlobal? Find(string name) => Allowed.GetValueOrDefault(name);

    /// <summary>What a name stands for in a training state, or null when a pickle may not name it there either.</summary>
    public static PickleGlobal? FindInTraining(string name) =>
        Find(name) ?? (Inert.Contains(name, StringComparer.Ordinal) ? new PickleGlobal(name) { IsInert = true } : null);

    private static ElementType Safe(string name) => SafetensorsFormats.Find(name)!;
}
