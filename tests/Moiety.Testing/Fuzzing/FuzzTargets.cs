using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;
using Moiety.Models.Tokenizers.PreTokenizers;
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
            return [.. Gguf(folder), .. GgufShards(folder), .. Safetensors(folder), .. PyTorch(folder), .. DeepSpeed(), .. Quantized(folder), .. Json(folder), .. EncoderFuzzTargets.Create(folder), .. Tokenizers(), .. TemplateFuzzTargets.Create(), .. Llama2C()];
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

    private static IEnumerable<FuzzTarget> DeepSpeed()
    {
        string folder = Path.Combine(Repository.Root, "tests", "fixtures", "deepspeed", "global_step7");
        Dictionary<string, byte[]> files = Directory.GetFiles(folder).ToDictionary(file => Path.GetFileName(file)!, File.ReadAllBytes);
        foreach (string damaged in (string[])["mp_rank_00_model_states.pt", "layer_0_expert_1_mp_rank_00_model_states.pt"])
        {
            yield return new FuzzTarget("deepspeed", damaged[..12], files[damaged], (bytes, scratch) =>
            {
                Write(scratch, files, damaged, bytes);
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
        foreach (string name in (string[])["unigram.model", "bpe.model"])
        {
            byte[] model = File.ReadAllBytes(Path.Combine(Repository.Root, "tests", "fixtures", "tokenizers", name));
            yield return new FuzzTarget("tokenizer", $"SentencePiece {name}", model, (bytes, scratch) => UseFile(bytes, Path.Combine(scratch, "tokenizer.model")));
        }

        byte[] unigram = TokenizerJson.Write(Checkpoint.OpenTokenizer(Path.Combine(Repository.Root, "tests", "fixtures", "tokenizers", "unigram.model")));
        yield return new FuzzTarget("tokenizer", "Unigram tokenizer.json", unigram, (bytes, _) => Use(TokenizerJson.Read(bytes, null, "tokenizer.json")));
        yield return new FuzzTarget("tokenizer", "WordPiece tokenizer.json", WordPieceJson, (bytes, _) => Use(TokenizerJson.Read(bytes, null, "tokenizer.json")));
        foreach (FuzzTarget target in ByteLevelFiles())
        {
            yield return target;
        }

        byte[] vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ncat\n##s\nhat\nabc\n'\n12\n##3\n"u8.ToArray();
        yield return new FuzzTarget("tokenizer", "vocab.txt", vocabulary, (bytes, scratch) => UseFile(bytes, Path.Combine(scratch, "vocab.txt")));
        byte[] settings = """
            {
              "tokenizer_class": "BertTokenizer", "do_lower_case": true, "strip_accents": null, "tokenize_chinese_chars": true,
              "cls_token": {"content": "[CLS]"}, "sep_token": "[SEP]",
              "added_tokens_decoder": {"4": {"content": "[MASK]", "lstrip": true, "normalized": false, "rstrip": false, "single_word": false, "special": true}}
            }
            """u8.ToArray();
        yield return new FuzzTarget("tokenizer", "tokenizer_config.json of BERT", settings, (bytes, scratch) =>
        {
            File.WriteAllBytes(Path.Combine(scratch, "tokenizer_config.json"), bytes);
            try
            {
                UseFile(vocabulary, Path.Combine(scratch, "vocab.txt"));
            }
            finally
            {
                File.Delete(Path.Combine(scratch, "tokenizer_config.json"));
            }
        });
    }

    private static IEnumerable<FuzzTarget> ByteLevelFiles()
    {
        ByteLevelBpeTokenizer trained = (ByteLevelBpeTokenizer)Tokenizer();
        byte[] vocabulary = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(
            Enumerable.Range(0, trained.VocabularySize).ToDictionary(id => trained.GetPiece(id), id => id));
        byte[] merges = Encoding.UTF8.GetBytes(
            "#version: 0.2\n" + string.Concat(trained.Merges.Select(merge => $"{trained.GetPiece(merge.Left)} {trained.GetPiece(merge.Right)}\n")));
        byte[] ranks = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 280)
            .Select(rank => $"{Convert.ToBase64String(rank < 256 ? [(byte)rank] : [(byte)'a', (byte)rank])} {rank}\n")));
        yield return new FuzzTarget("tokenizer", "vocab.json", vocabulary, (bytes, scratch) => UsePair(bytes, merges, scratch));
        yield return new FuzzTarget("tokenizer", "merges.txt", merges, (bytes, scratch) => UsePair(vocabulary, bytes, scratch));
        yield return new FuzzTarget("tokenizer", "ranks of tiktoken", ranks, (bytes, scratch) => UseFile(bytes, Path.Combine(scratch, "cl100k_base.tiktoken")));
        foreach (string pattern in (string[])
            [KnownPatterns.O200k, @"(?=(\d{3})+(?!\d))|(?i:'s)|[^\r\n\p{L}&&[^\p{Han}]]?+\p{L}{1,3}|\s+$|\bx*?|(?<=a)b|[^(\s|[.,]]{2,}"])
        {
            yield return new FuzzTarget("tokenizer", $"expression {pattern[..12]}", Encoding.UTF8.GetBytes(pattern), (bytes, _) => UsePattern(trained, bytes));
        }
    }

    private static void UsePair(byte[] vocabulary, byte[] merges, string scratch)
    {
        File.WriteAllBytes(Path.Combine(scratch, "merges.txt"), merges);
        try
        {
            UseFile(vocabulary, Path.Combine(scratch, "vocab.json"));
        }
        finally
        {
            File.Delete(Path.Combine(scratch, "merges.txt"));
        }
    }

    // Long enough for a matcher that backtracks to show.
    private static void UsePattern(ByteLevelBpeTokenizer vocabulary, byte[] pattern)
    {
        ByteLevelBpeTokenizer tokenizer = new(
            [.. Enumerable.Range(0, vocabulary.VocabularySize).Select(vocabulary.GetPiece)],
            vocabulary.Merges,
            new ByteLevelBpeOptions { PreTokenizers = [new SplitPreTokenizer(Encoding.UTF8.GetString(pattern))] });
        string text = string.Concat(Enumerable.Repeat(" the cat's 1234\n\n", 50)) + new string('a', 5000) + new string(' ', 5000) + "学习 ſ";
        if (tokenizer.Decode(tokenizer.Encode(text)) != text)
        {
            throw new InvalidOperationException("The text has changed.");
        }
    }

    private static IEnumerable<FuzzTarget> Llama2C()
    {
        for (int version = 0; version <= 2; version++)
        {
            yield return new FuzzTarget("llama2c", $"version {version}", Llama2CFiles.Model(version),
                (bytes, scratch) => OpenFile(bytes, Path.Combine(scratch, "fuzz.bin")));
        }
    }

    internal static void OpenFile(byte[] bytes, string path)
    {
        File.WriteAllBytes(path, bytes);
        OpenModel(path);
    }

    internal static void OpenModel(string path)
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

    private static void UseFile(byte[] bytes, string path)
    {
        File.WriteAllBytes(path, bytes);
        try
        {
            Use(Checkpoint.OpenTokenizer(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static byte[] WordPieceJson => """
        {
          "version": "1.0",
          "added_tokens": [
            {"id": 0, "content": "[UNK]", "special": true, "normalized": false}, {"id": 9, "content": "abc d", "single_word": true, "lstrip": true, "rstrip": true}
          ],
          "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "NFKC"}, {"type": "Nmt"}, {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}, {"type": "Replace", "pattern": {"String": "x"}, "content": "y"},
            {"type": "Strip", "strip_left": true, "strip_right": true}, {"type": "StripAccents"}, {"type": "Prepend", "prepend": " "}, {"type": "Lowercase"},
            {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true}
          ]},
          "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "BertPreTokenizer"}, {"type": "Digits", "individual_digits": true}]},
          "post_processor": {"type": "Sequence", "processors": [
            {"type": "ByteLevel"},
            {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "[UNK]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
             "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[UNK]", "type_id": 1}}, {"Sequence": {"id": "B", "type_id": 1}}],
             "special_tokens": {"[UNK]": {"id": "[UNK]", "ids": [0], "tokens": ["[UNK]"]}}}
          ]},
          "decoder": {"type": "Sequence", "decoders": [
            {"type": "WordPiece", "prefix": "##", "cleanup": true}, {"type": "Replace", "pattern": {"String": "a"}, "content": "b"}, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"},
            {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}
          ]},
          "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
            "vocab": {"[UNK]": 0, "the": 1, "cat": 2, "##s": 3, "'": 4, "a": 5, "##b": 6, "##c": 7, "1": 8}}
        }
        """u8.ToArray();

    private static void Use(Tokenizer tokenizer) =>
        tokenizer.Decode(tokenizer.Encode(" the cat's\n\n abc 🚀 e\u0301 <s><|endoftext|> ▁ 123", parseSpecialTokens: true));

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
    internal static void Write(string scratch, Dictionary<string, byte[]> files, string damaged, byte[] bytes)
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
