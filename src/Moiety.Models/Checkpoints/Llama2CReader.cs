using System.Runtime.InteropServices;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// Opens llama2.c's <c>.bin</c> (https://github.com/karpathy/llama2.c, <c>export.py</c>): version 0 (legacy) and 1 in single
/// precision, mapped as they are, and version 2, whose groups of bytes with a single-precision scale are decoded to single
/// precision, exactly as llama2.c multiplies them out. Each kind of weight is stored for all layers together.
/// </summary>
internal static unsafe class Llama2CReader
{
    private const int BeginToken = 1;
    private const int EndToken = 2;

    private static readonly TensorRole[] LegacyOrder =
    [
        TensorRole.Embedding,
        TensorRole.AttentionNorm,
        TensorRole.Query,
        TensorRole.Key,
        TensorRole.Value,
        TensorRole.AttentionOutput,
        TensorRole.FeedForwardNorm,
        TensorRole.Gate,
        TensorRole.Down,
        TensorRole.Up,
        TensorRole.FinalNorm,
        TensorRole.Head,
    ];

    private static readonly TensorRole[] LaterOrder =
    [
        TensorRole.AttentionNorm,
        TensorRole.FeedForwardNorm,
        TensorRole.FinalNorm,
        TensorRole.Embedding,
        TensorRole.Query,
        TensorRole.Key,
        TensorRole.Value,
        TensorRole.AttentionOutput,
        TensorRole.Gate,
        TensorRole.Down,
        TensorRole.Up,
        TensorRole.Head,
    ];

    /// <summary>Opens a file; its tokenizer is <c>tokenizer.bin</c> in the same folder.</summary>
    /// <exception cref="InvalidInputException">It is malformed.</exception>
    public static Checkpoint Open(string path)
    {
        MappedFile file = MappedFile.Open(path);
        AlignedBuffer? decoded = null;
        try
        {
            Llama2CHeader header = Llama2CHeader.Read(file);
            ModelConfig config = Config(header, path);
            CheckLength(file, header, config);
            string tokenizerPath = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "tokenizer.bin");
            Tokenizer? tokenizer = File.Exists(tokenizerPath) ? Llama2CTokenizer.ReadFile(tokenizerPath) : null;
            if (header.Version == 2)
            {
                decoded = new AlignedBuffer(sizeof(float) * TensorCatalog.For(config).Sum(tensor => tensor.ElementCount));
            }

            IReadOnlyList<KeyValuePair<string, CheckpointTensor>> tensors = decoded is null ? Map(file, header, config) : Decode(file, header, config, decoded);
            return new MappedCheckpoint(path, config, () => tokenizer, null, tensors, decoded is null ? [file] : [file, decoded]);
        }
        catch
        {
            decoded?.Dispose();
            file.Dispose();
            throw;
        }
    }

    private static ModelConfig Config(Llama2CHeader header, string path)
    {
        if (header.Layers is < 1 or > ModelConfigValidator.MaxLayers || header.Heads < 1 || header.Hidden < 1 || header.Hidden % header.Heads != 0)
        {
            throw new InvalidCheckpointException(path, "header",
                $"{header.Layers} layers, {header.Heads} heads and a width of {header.Hidden} describe no model (is this a llama2.c model?)");
        }

        ModelConfig config = new()
        {
            Family = "llama",
            VocabularySize = header.Vocabulary,
            HiddenSize = header.Hidden,
            HeadCount = header.Heads,
            KeyValueHeadCount = header.KeyValueHeads,
            HeadSize = header.Hidden / header.Heads,
            ContextLength = header.Context,
            NormEpsilon = 1e-5f,
            Rotary = new RotaryConfig { Theta = 10000f, Interleaved = true },
            TieWordEmbeddings = header.SharedHead,
            FeedForwards = [.. Enumerable.Repeat(new FeedForwardConfig { IntermediateSize = header.Intermediate }, header.Layers)],
            BosTokenId = BeginToken,
            // llama2.c separates stories with BOS, and stops at it.
            EosTokenIds = [EndToken, BeginToken],
        };
        return ModelConfigValidator.FindError(config) is { } error ? throw new InvalidCheckpointException(path, error.Field, error.Reason) : config;
    }

    private static void CheckLength(MappedFile file, Llama2CHeader header, ModelConfig config)
    {
        Int128 expected = header.DataStart;
        foreach (IGrouping<TensorRole, TensorSpec> group in TensorCatalog.For(config).GroupBy(tensor => tensor.Role))
        {
            Int128 elements = group.Aggregate((Int128)0, (sum, tensor) => sum + tensor.ElementCount);
            bool quantized = header.Version == 2 && !group.First().IsVector;
            if (quantized && (header.GroupSize < 1 || group.First().ElementCount % header.GroupSize != 0))
            {
                throw new InvalidCheckpointException(file.Path, "group size", $"{header.GroupSize} does not divide the {group.First().ElementCount} weights of {group.Key}");
            }

            expected += quantized ? elements + (elements / header.GroupSize * sizeof(float)) : elements * sizeof(float);
        }

        expected += FrequencyBytes(header, config);
        if (file.Length != expected)
        {
            throw new InvalidCheckpointException(file.Path, "length",
                $"the header calls for {expected} bytes, the file has {file.Length} (truncated, or not a llama2.c model)");
        }
    }

    private static List<KeyValuePair<string, CheckpointTensor>> Map(MappedFile file, Llama2CHeader header, ModelConfig config)
    {
        Dictionary<string, Matrix> views = new(StringComparer.Ordinal);
        long offset = header.DataStart;
        foreach (TensorRole role in header.Version == 0 ? LegacyOrder : LaterOrder)
        {
            if (role == TensorRole.Head)
            {
                offset += FrequencyBytes(header, config);
            }

            foreach (TensorSpec tensor in TensorCatalog.For(config).Where(tensor => tensor.Role == role))
            {
                long bytes = tensor.ElementCount * sizeof(float);
                views.Add(tensor.Name, new Matrix(StorageFormats.F32, tensor.Rows, tensor.Columns, file.Slice(offset, bytes), file));
                offset += bytes;
            }
        }

        return InOrder(config, views);
    }

    private static List<KeyValuePair<string, CheckpointTensor>> Decode(MappedFile file, Llama2CHeader header, ModelConfig config, AlignedBuffer decoded)
    {
        Dictionary<string, Matrix> views = new(StringComparer.Ordinal);
        long offset = header.DataStart;
        float* target = decoded.As<float>();
        foreach (TensorRole role in LaterOrder)
        {
            foreach (TensorSpec tensor in TensorCatalog.For(config).Where(tensor => tensor.Role == role))
            {
                long count = tensor.ElementCount;
                if (tensor.IsVector)
                {
                    NativeMemory.Copy(file.Slice(offset, count * sizeof(float)), target, (nuint)(count * sizeof(float)));
                    offset += count * sizeof(float);
                }
                else
                {
                    sbyte* values = (sbyte*)file.Slice(offset, count);
                    offset += count;
                    long scaleBytes = count / header.GroupSize * sizeof(float);
                    byte* scales = file.Slice(offset, scaleBytes);
                    offset += scaleBytes;
                    for (long i = 0; i < count; i++)
                    {
                        // The scales lie wherever the bytes before them end, so they may be unaligned.
                        target[i] = values[i] * BitConverter.ToSingle(new ReadOnlySpan<byte>(scales + (i / header.GroupSize * sizeof(float)), sizeof(float)));
                    }
                }

                views.Add(tensor.Name, new Matrix(StorageFormats.F32, tensor.Rows, tensor.Columns, (byte*)target, decoded));
                target += count;
            }
        }

        return InOrder(config, views);
    }

    private static List<KeyValuePair<string, CheckpointTensor>> InOrder(ModelConfig config, Dictionary<string, Matrix> views) =>
        [.. TensorCatalog.For(config).Select(tensor => KeyValuePair.Create(tensor.Name, new CheckpointTensor(views[tensor.Name])))];

    // Version 0 stores the tables of rotary cosines and sines, which follow from the configuration.
    private static long FrequencyBytes(Llama2CHeader header, ModelConfig config) =>
        header.Version == 0 ? 2L * sizeof(float) * config.ContextLength * (config.HeadSize / 2) : 0;
}
