using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Moiety.LlamaCpp;

/// <summary>
/// The functions of a prebuilt llama.cpp that the tests call. Bound by name at run time, so that a machine without the
/// library still runs every other test. llama.cpp's own log lines are kept to explain a failed load.
/// </summary>
public sealed unsafe class LlamaCppLibrary
{
    private readonly StringBuilder _log = new();

    /// <summary>Loads the library and its CPU back ends from a folder.</summary>
    /// <exception cref="LlamaCppUnavailableException">The folder does not hold a library that loads here.</exception>
    public LlamaCppLibrary(string folder)
    {
        Folder = folder;
        nint llama = Handle = Load(folder, "libllama.v*.so");
        nint ggml = Load(folder, "libggml.v*.so");

        ModelDefaults = (delegate* unmanaged[Cdecl]<LlamaCppModelParameters>)NativeLibrary.GetExport(llama, "llama_model_default_params");
        ContextDefaults = (delegate* unmanaged[Cdecl]<LlamaCppContextParameters>)NativeLibrary.GetExport(llama, "llama_context_default_params");
        LoadModel = (delegate* unmanaged[Cdecl]<byte*, LlamaCppModelParameters, nint>)NativeLibrary.GetExport(llama, "llama_model_load_from_file");
        FreeModel = (delegate* unmanaged[Cdecl]<nint, void>)NativeLibrary.GetExport(llama, "llama_model_free");
        CreateContext = (delegate* unmanaged[Cdecl]<nint, LlamaCppContextParameters, nint>)NativeLibrary.GetExport(llama, "llama_init_from_model");
        FreeContext = (delegate* unmanaged[Cdecl]<nint, void>)NativeLibrary.GetExport(llama, "llama_free");
        Decode = (delegate* unmanaged[Cdecl]<nint, LlamaCppBatch, int>)NativeLibrary.GetExport(llama, "llama_decode");
        GetLogits = (delegate* unmanaged[Cdecl]<nint, int, float*>)NativeLibrary.GetExport(llama, "llama_get_logits_ith");
        GetEmbedding = (delegate* unmanaged[Cdecl]<nint, int, float*>)NativeLibrary.GetExport(llama, "llama_get_embeddings_ith");
        GetPooledEmbedding = (delegate* unmanaged[Cdecl]<nint, int, float*>)NativeLibrary.GetExport(llama, "llama_get_embeddings_seq");
        EmbeddingSize = (delegate* unmanaged[Cdecl]<nint, int>)NativeLibrary.GetExport(llama, "llama_model_n_embd");
        GetMemory = (delegate* unmanaged[Cdecl]<nint, nint>)NativeLibrary.GetExport(llama, "llama_get_memory");
        ClearMemory = (delegate* unmanaged[Cdecl]<nint, byte, void>)NativeLibrary.GetExport(llama, "llama_memory_clear");
        GetVocabulary = (delegate* unmanaged[Cdecl]<nint, nint>)NativeLibrary.GetExport(llama, "llama_model_get_vocab");
        VocabularySize = (delegate* unmanaged[Cdecl]<nint, int>)NativeLibrary.GetExport(llama, "llama_vocab_n_tokens");
        BosToken = (delegate* unmanaged[Cdecl]<nint, int>)NativeLibrary.GetExport(llama, "llama_vocab_bos");
        EosToken = (delegate* unmanaged[Cdecl]<nint, int>)NativeLibrary.GetExport(llama, "llama_vocab_eos");
        Tokenize = (delegate* unmanaged[Cdecl]<nint, byte*, int, int*, int, byte, byte, int>)NativeLibrary.GetExport(llama, "llama_tokenize");
        Detokenize = (delegate* unmanaged[Cdecl]<nint, int*, int, byte*, int, byte, byte, int>)NativeLibrary.GetExport(llama, "llama_detokenize");
        LayerCount = (delegate* unmanaged[Cdecl]<nint, int>)NativeLibrary.GetExport(llama, "llama_model_n_layer");
        QuantizeDefaults = (delegate* unmanaged[Cdecl]<LlamaCppQuantizeParameters>)NativeLibrary.GetExport(llama, "llama_model_quantize_default_params");
        QuantizeModel = (delegate* unmanaged[Cdecl]<byte*, byte*, LlamaCppQuantizeParameters*, uint>)NativeLibrary.GetExport(llama, "llama_model_quantize");
        LoadAdapter = (delegate* unmanaged[Cdecl]<nint, byte*, nint>)NativeLibrary.GetExport(llama, "llama_adapter_lora_init");
        FreeAdapter = (delegate* unmanaged[Cdecl]<nint, void>)NativeLibrary.GetExport(llama, "llama_adapter_lora_free");
        SetAdapters = (delegate* unmanaged[Cdecl]<nint, nint*, nuint, float*, int>)NativeLibrary.GetExport(llama, "llama_set_adapters_lora");
        ParameterCount = (delegate* unmanaged[Cdecl]<nint, ulong>)NativeLibrary.GetExport(llama, "llama_model_n_params");

        var setLog = (delegate* unmanaged[Cdecl]<delegate* unmanaged[Cdecl]<int, byte*, nint, void>, nint, void>)NativeLibrary.GetExport(llama, "llama_log_set");
        setLog(&KeepLog, GCHandle.ToIntPtr(GCHandle.Alloc(this)));
        ((delegate* unmanaged[Cdecl]<void>)NativeLibrary.GetExport(llama, "llama_backend_init"))();
        fixed (byte* path = Encoding.UTF8.GetBytes(folder + '\0'))
        {
            ((delegate* unmanaged[Cdecl]<byte*, void>)NativeLibrary.GetExport(ggml, "ggml_backend_load_all_from_path"))(path);
        }

        var backEnds = (delegate* unmanaged[Cdecl]<nuint>)NativeLibrary.GetExport(ggml, "ggml_backend_reg_count");
        if (backEnds() == 0)
        {
            throw new LlamaCppUnavailableException($"{folder}: no CPU back end of llama.cpp runs on this processor.");
        }
    }

    /// <summary>The folder that the library came from.</summary>
    public string Folder { get; }

    /// <summary>The loaded library, for exports that one oracle alone calls.</summary>
    internal nint Handle { get; }

    /// <summary>What llama.cpp has printed since the last call; the text is then forgotten.</summary>
    public string TakeLog()
    {
        lock (_log)
        {
            string text = _log.ToString();
            _log.Clear();
            return text;
        }
    }

    /// <summary>Writes a GGUF file anew in another format, every matrix but the routers in the same one.</summary>
    /// <param name="source">A file in F32 or F16.</param>
    /// <param name="destination">The file to write.</param>
    /// <param name="format">F32, F16, Q4_0 or Q8_0.</param>
    public void Quantize(string source, string destination, string format)
    {
        LlamaCppQuantizeParameters parameters = QuantizeDefaults();
        parameters.Threads = 1;
        parameters.Pure = 1;
        parameters.FileType = format switch
        {
            "F32" => 0,
            "F16" => 1,
            "Q4_0" => 2,
            "Q8_0" => 7,
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, null),
        };
        TakeLog();
        fixed (byte* from = Encoding.UTF8.GetBytes(source + '\0'), to = Encoding.UTF8.GetBytes(destination + '\0'))
        {
            uint result = QuantizeModel(from, to, &parameters);
            if (result != 0)
            {
                throw new InvalidOperationException($"llama.cpp does not quantize {source}:\n{TakeLog()}");
            }
        }
    }

    internal readonly delegate* unmanaged[Cdecl]<LlamaCppModelParameters> ModelDefaults;
    internal readonly delegate* unmanaged[Cdecl]<LlamaCppContextParameters> ContextDefaults;
    internal readonly delegate* unmanaged[Cdecl]<byte*, LlamaCppModelParameters, nint> LoadModel;
    internal readonly delegate* unmanaged[Cdecl]<nint, void> FreeModel;
    internal readonly delegate* unmanaged[Cdecl]<nint, LlamaCppContextParameters, nint> CreateContext;
    internal readonly delegate* unmanaged[Cdecl]<nint, void> FreeContext;
    internal readonly delegate* unmanaged[Cdecl]<nint, LlamaCppBatch, int> Decode;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, float*> GetLogits;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, float*> GetEmbedding;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, float*> GetPooledEmbedding;
    internal readonly delegate* unmanaged[Cdecl]<nint, int> EmbeddingSize;
    internal readonly delegate* unmanaged[Cdecl]<nint, nint> GetMemory;
    internal readonly delegate* unmanaged[Cdecl]<nint, byte, void> ClearMemory;
    internal readonly delegate* unmanaged[Cdecl]<nint, nint> GetVocabulary;
    internal readonly delegate* unmanaged[Cdecl]<nint, int> VocabularySize;
    internal readonly delegate* unmanaged[Cdecl]<nint, int> BosToken;
    internal readonly delegate* unmanaged[Cdecl]<nint, int> EosToken;
    internal readonly delegate* unmanaged[Cdecl]<nint, byte*, int, int*, int, byte, byte, int> Tokenize;
    internal readonly delegate* unmanaged[Cdecl]<nint, int*, int, byte*, int, byte, byte, int> Detokenize;
    internal readonly delegate* unmanaged[Cdecl]<nint, byte*, nint> LoadAdapter;
    internal readonly delegate* unmanaged[Cdecl]<nint, void> FreeAdapter;
    internal readonly delegate* unmanaged[Cdecl]<nint, nint*, nuint, float*, int> SetAdapters;
    internal readonly delegate* unmanaged[Cdecl]<nint, int> LayerCount;
    internal readonly delegate* unmanaged[Cdecl]<nint, ulong> ParameterCount;
    internal readonly delegate* unmanaged[Cdecl]<LlamaCppQuantizeParameters> QuantizeDefaults;
    internal readonly delegate* unmanaged[Cdecl]<byte*, byte*, LlamaCppQuantizeParameters*, uint> QuantizeModel;

    private static nint Load(string folder, string pattern)
    {
        string? path = Directory.EnumerateFiles(folder, pattern).Order(StringComparer.Ordinal).FirstOrDefault();
        try
        {
            return NativeLibrary.Load(path ?? throw new LlamaCppUnavailableException($"{folder} holds no {pattern}."));
        }
        catch (DllNotFoundException e)
        {
            throw new LlamaCppUnavailableException($"{path} does not load: {e.Message}", e);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void KeepLog(int level, byte* text, nint library)
    {
        StringBuilder log = ((LlamaCppLibrary)GCHandle.FromIntPtr(library).Target!)._log;
        lock (log)
        {
            // Loading prints a line per tensor: only the end is of use.
            if (log.Length > 1 << 16)
            {
                log.Remove(0, log.Length / 2);
            }

            log.Append(Marshal.PtrToStringUTF8((nint)text));
        }
    }
}
