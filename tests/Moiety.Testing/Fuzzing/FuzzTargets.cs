using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Testing.Fuzzing;

/// <summary>Every reader of files that a stranger may have made, with small intact files of every kind.</summary>
public static class FuzzTargets
{
    private const int Vocabulary = 270;

    /// <summary>All targets.</summary>
    public static ImmutableArray<FuzzTarget> Create()
    {
        string folder = Directory.CreateTempSubdirectory("moiety-fuzz-").FullName;
        try
        {
            return [.. Gguf(folder), .. GgufShards(folder), .. Safetensors(folder), .. PyTorch(folder), .. Quantized(folder), .. Json(folder), .. Tokenizers(), .. Llama2C()];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IEnumerable<FuzzTarget> Gguf(string folder)
    {
        foreach ((string name, ModelConfig config, StorageFormat format) in new[]
        {
            ("llama F32", Model("llama", null), StorageFormats.F32),
            ("mixtral Q8_0", Model("mixtral", Experts(2, normalize: true)), StorageFormats.Q8_0),
            ("moiety_moe Q4_0", Model("moiety_moe", Experts(1, normalize: false)), StorageFormats.Q4_0),
        })
        {
            string path = Path.Combine(folder, "model.gguf");
            GgufWriter.Write(path, config, RandomWeights.Source(), Tokenizer(), new GgufOptions { FormatFor = _ => format, Generation = new() { TopK = 40 } });
            yield return new FuzzTarget("gguf", name, File.ReadAllBytes(path), (bytes, scratch) => OpenFile(bytes, Path.Combine(scratch, "fuzz.gguf")));
        }
    }

    // Either of two files may be damaged, and either may be opened.
    private static IEnumerable<FuzzTarget> GgufShards(string folder)
    {
        string whole = Path.Combine(folder, "whole.gguf");
        GgufWriter.Write(whole, Model("llama", null), RandomWeights.Source(), Tokenizer());
        GgufShardFiles.Split(whole, Path.Combine(folder, "split"), 2);
        string[] names = ["split-00001-of-00002.gguf", "split-00002-of-00002.gguf"];
        Dictionary<string, byte[]> files = names.ToDictionary(name => name, name => File.ReadAllBytes(Path.Combine(folder, name)));
        foreach (string damaged in names)
        {
            yield return new FuzzTarget("gguf-split", damaged, files[damaged], (bytes, scratch) =>
            {
                Write(scratch, files, damaged, bytes);
                OpenModel(Path.Combine(scratch, damaged));
            });
        }
    }

    private static IEnumerable<FuzzTarget> Safetensors(string folder)
    {
        foreach (StorageFormat format in (StorageFormat[])[StorageFormats.F32, StorageFormats.BF16])
        {
            Dictionary<string, byte[]> files = Folder(folder, Model("moiety_moe", Experts(1, normalize: false)), format);
            yield return new FuzzTarget("safetensors", $"model of {format.Name}", files["model.safetensors"], (bytes, scratch) =>
            {
                Write(scratch, files, "model.safetensors", bytes);
                using (SafetensorsFile file = SafetensorsFile.Open(Path.Combine(scratch, "model.safetensors")))
                {
                    foreach (StoredTensor tensor in file.Tensors.Values.Where(tensor => tensor.Shape.Length <= 2))
                    {
                        Touch(file.GetMatrix(tensor.Name));
                    }
                }

                OpenModel(scratch);
            });
        }
    }

    private static IEnumerable<FuzzTarget> PyTorch(string folder)
    {
        Dictionary<string, byte[]> files = Folder(folder, Model("llama", null), StorageFormats.BF16);
        files.Remove("model.safetensors", out byte[]? safe);
        foreach (bool legacy in (bool[])[false, true])
        {
            byte[] intact = PyTorchFiles.FromSafetensors(safe!, legacy);
            Dictionary<string, byte[]> pickled = new(files) { ["pytorch_model.bin"] = intact };
            yield return new FuzzTarget("pytorch", legacy ? "before 1.6" : "zip", intact, (bytes, scratch) =>
            {
                Write(scratch, pickled, "pytorch_model.bin", bytes);
                OpenModel(scratch);
            });
        }
    }

    private static IEnumerable<FuzzTarget> Quantized(string folder)
    {
        ModelConfig config = Model("llama", null);
        foreach (string method in (string[])["gptq", "awq", "fp8"])
        {
            JsonObject settings = method == "fp8"
                ? new JsonObject { ["weight_block_size"] = new JsonArray(16, 32) }
                : new JsonObject { ["bits"] = 4, ["group_size"] = 32, ["sym"] = false, ["desc_act"] = method == "gptq" };
            Folder(folder, config, StorageFormats.F16);
            string path = Path.Combine(folder, "model");
            _ = method == "fp8"
                ? QuantizedFolders.Floats(path, config, method, settings, "weight_scale_inv", 16, 32)
                : QuantizedFolders.Integers(path, config, method, settings);
            Dictionary<string, byte[]> files = Directory.GetFiles(path).ToDictionary(file => Path.GetFileName(file)!, File.ReadAllBytes);
            foreach (string damaged in (string[])["model.safetensors", "config.json"])
            {
                yield return new FuzzTarget("quantized", $"{method} {damaged}", files[damaged], (bytes, scratch) =>
                {
                    Write(scratch, files, damaged, bytes);
                    OpenModel(scratch);
                });
            }
        }
    }

    private static IEnumerable<FuzzTarget> Json(string folder)
    {
        foreach (ModelConfig config in (ModelConfig[])[Model("llama", null), Model("mixtral", Experts(2, true)), Model("moiety_moe", Experts(1, false))])
        {
            Dictionary<string, byte[]> files = Folder(folder, config, StorageFormats.F32);
            foreach (string name in (string[])["config.json", "generation_config.json"])
            {
                yield return new FuzzTarget("json", $"{config.Family} {name}", files[name], (bytes, scratch) =>
                {
                    Write(scratch, files, name, bytes);
                    OpenModel(scratch);
                });
            }
        }

        Dictionary<string, byte[]> sharded = Folder(folder, Model("llama", null), StorageFormats.F32, maxShardBytes: 30_000);
        yield return new FuzzTarget("json", "model.safetensors.index.json", sharded["model.safetensors.index.json"], (bytes, scratch) =>
        {
            Write(scratch, sharded, "model.safetensors.index.json", bytes);
            OpenModel(scratch);
        });
    }

    private static IEnumerable<FuzzTarget> Tokenizers()
    {
        byte[] json = TokenizerJson.Write(Tokenizer());
        byte[] config = """{"bos_token": {"content": "<|endoftext|>", "lstrip": false}, "eos_token": "<|endoftext|>", "add_bos_token": true}"""u8.ToArray();
        byte[] llama2C = TokenizerBin();
        yield return new FuzzTarget("tokenizer", "byte-level tokenizer.json", json, (bytes, _) => Use(TokenizerJson.Read(bytes, null, "tokenizer.json")));
        yield return new FuzzTarget("tokenizer", "tokenizer_config.json", config, (bytes, _) => Use(TokenizerJson.Read(json, bytes, "tokenizer.json")));
        yield return new FuzzTarget("tokenizer", "SentencePiece tokenizer.json", TokenizerJson.Write(Llama2CTokenizer.Read(llama2C, "tokenizer.bin")),
            (bytes, _) => Use(TokenizerJson.Read(bytes, null, "tokenizer.json")));
        yield return new FuzzTarget("tokenizer", "llama2.c tokenizer.bin", llama2C, (bytes, _) => Use(Llama2CTokenizer.Read(bytes, "tokenizer.bin")));
    }

    private static IEnumerable<FuzzTarget> Llama2C()
    {
        for (int version = 0; version <= 2; version++)
        {
            yield return new FuzzTarget("llama2c", $"version {version}", Llama2CFiles.Model(version),
                (bytes, scratch) => OpenFile(bytes, Path.Combine(scratch, "fuzz.bin")));
        }
    }

    private static void OpenFile(byte[] bytes, string path)
    {
        File.WriteAllBytes(path, bytes);
        OpenModel(path);
    }

    private static void OpenModel(string path)
    {
        using Checkpoint checkpoint = Checkpoint.Open(path);
        foreach (string name in checkpoint.TensorNames)
        {
            Touch(checkpoint.GetTensor(name));
        }

        if (checkpoint.Tokenizer is { } tokenizer)
        {
            Use(tokenizer);
        }
    }

    // Reads every byte: a view that leaves the file would end the process.
    private static unsafe void Touch(Matrix matrix)
    {
        ulong sum = 0;
        for (long i = 0; i < matrix.ByteLength; i++)
        {
            sum += matrix.Data[i];
        }

        GC.KeepAlive(sum);
    }

    private static void Use(Tokenizer tokenizer) =>
        tokenizer.Decode(tokenizer.Encode(" the cat's\n\n abc 🚀 <s><|endoftext|> ▁ 123", parseSpecialTokens: true));

    private static Tokenizer Tokenizer() =>
        BpeTrainer.Train(["the cat the cat's hat 123"], new BpeTrainerOptions { VocabularySize = Vocabulary });

    private static byte[] TokenizerBin()
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        string[] pieces = ["<unk>", "\n<s>\n", "\n</s>\n", .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>"), " ", "t", "h", "e", " t", "he", " the"];
        writer.Write(7);
        for (int i = 0; i < pieces.Length; i++)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(pieces[i]);
            writer.Write(i < 259 ? 0f : 259f - i);
            writer.Write(bytes.Length);
            writer.Write(bytes);
        }

        return stream.ToArray();
    }

    private static Dictionary<string, byte[]> Folder(string folder, ModelConfig config, StorageFormat format, long maxShardBytes = long.MaxValue)
    {
        string path = Path.Combine(folder, "model");
        HuggingFaceWriter.Write(path, config, RandomWeights.Source(), tokenizer: null, new HuggingFaceOptions { Format = format, MaxShardBytes = maxShardBytes });
        return Directory.GetFiles(path).ToDictionary(file => Path.GetFileName(file)!, File.ReadAllBytes);
    }

    // The other files of the folder are intact; they are written again only when they are absent or another target's.
    private static void Write(string scratch, Dictionary<string, byte[]> files, string damaged, byte[] bytes)
    {
        foreach (string old in Directory.GetFiles(scratch).Where(file => !files.ContainsKey(Path.GetFileName(file))))
        {
            File.Delete(old);
        }

        foreach ((string name, byte[] intact) in files)
        {
            string path = Path.Combine(scratch, name);
            byte[] wanted = name == damaged ? bytes : intact;
            if (name == damaged || !File.Exists(path) || !File.ReadAllBytes(path).AsSpan().SequenceEqual(wanted))
            {
                File.WriteAllBytes(path, wanted);
            }
        }
    }

    private static ModelConfig Model(string family, MoeConfig? moe) => new()
    {
        Family = family,
        VocabularySize = Vocabulary,
        HiddenSize = 32,
        HeadCount = 2,
        KeyValueHeadCount = 1,
        HeadSize = 16,
        ContextLength = 64,
        NormEpsilon = 1e-5f,
        Rotary = new RotaryConfig { Theta = 10000f },
        TieWordEmbeddings = true,
        FeedForwards = [new FeedForwardConfig { IntermediateSize = moe is null ? 32 : moe.Residual ? 32 : 0, Moe = moe }],
        BosTokenId = 1,
        EosTokenIds = [2],
    };

    private static MoeConfig Experts(int topK, bool normalize) =>
        new() { ExpertCount = 2, TopK = topK, ExpertIntermediateSize = 32, NormalizeTopK = normalize, Residual = !normalize };
}
