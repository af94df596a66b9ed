using System.Text;

namespace Moiety.LlamaCpp;

/// <summary>A GGUF file opened by llama.cpp.</summary>
public sealed unsafe class LlamaCppModel : IDisposable
{
    private readonly LlamaCppLibrary _library;
    private readonly nint _vocabulary;
    private nint _model;

    /// <summary>Opens a file.</summary>
    /// <param name="library">The loaded llama.cpp.</param>
    /// <param name="path">The GGUF file.</param>
    /// <param name="vocabularyOnly">Reads the tokenizer only.</param>
    /// <param name="repack">
    /// Lets llama.cpp pack weights into its fastest layout. Off for parity: the plain kernels are its reference.
    /// </param>
    /// <exception cref="InvalidOperationException">llama.cpp refuses the file; the message holds its log.</exception>
    public LlamaCppModel(LlamaCppLibrary library, string path, bool vocabularyOnly = false, bool repack = false)
    {
        _library = library;
        LlamaCppModelParameters parameters = library.ModelDefaults();
        parameters.VocabularyOnly = vocabularyOnly ? (byte)1 : (byte)0;
        parameters.UseExtraBuffers = repack ? (byte)1 : (byte)0;
        library.TakeLog();
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            _model = library.LoadModel(name, parameters);
        }

        if (_model == 0)
        {
            throw new InvalidOperationException($"llama.cpp does not load {path}:\n{library.TakeLog()}");
        }

        _vocabulary = library.GetVocabulary(_model);
    }

    /// <summary>Number of token ids.</summary>
    public int VocabularySize => _library.VocabularySize(_vocabulary);

    internal nint Handle => _model;

    /// <summary>Number of decoder layers.</summary>
    public int LayerCount => _library.LayerCount(_model);

    /// <summary>Number of weights.</summary>
    public ulong ParameterCount => _library.ParameterCount(_model);

    /// <summary>Token that starts a text, -1 when there is none.</summary>
    public int BosToken => _library.BosToken(_vocabulary);

    /// <summary>Token that ends a text, -1 when there is none.</summary>
    public int EosToken => _library.EosToken(_vocabulary);

    /// <summary>Encodes text.</summary>
    public int[] Tokenize(string text, bool addSpecial, bool parseSpecial = false)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int[] tokens = new int[bytes.Length + 8];
        fixed (byte* source = bytes.Length > 0 ? bytes : new byte[1])
        fixed (int* destination = tokens)
        {
            int count = _library.Tokenize(_vocabulary, source, bytes.Length, destination, tokens.Length, addSpecial ? (byte)1 : (byte)0, parseSpecial ? (byte)1 : (byte)0);
            ArgumentOutOfRangeException.ThrowIfNegative(count, nameof(text));
            return tokens[..count];
        }
    }

    /// <summary>Decodes tokens, leaving out special ones.</summary>
    public string Detokenize(ReadOnlySpan<int> tokens)
    {
        byte[] bytes = new byte[1024 + (tokens.Length * 64)];
        fixed (int* source = tokens)
        fixed (byte* destination = bytes)
        {
            int count = _library.Detokenize(_vocabulary, source, tokens.Length, destination, bytes.Length, 1, 0);
            ArgumentOutOfRangeException.ThrowIfNegative(count, nameof(tokens));
            return Encoding.UTF8.GetString(bytes, 0, count);
        }
    }

    /// <summary>Opens a context with keys and values in F32 and plain (not flash) attention.</summary>
    public LlamaCppContext CreateContext(int contextLength, int threads = 1, bool halfCache = false)
    {
        LlamaCppContextParameters parameters = _library.ContextDefaults();
        parameters.ContextLength = (uint)contextLength;
        parameters.BatchSize = (uint)contextLength;
        parameters.MicroBatchSize = (uint)Math.Min(contextLength, 512);
        parameters.MaxOutputsPerSequence = 0;
        parameters.Threads = threads;
        parameters.BatchThreads = threads;
        parameters.FlashAttentionType = halfCache ? -1 : 0;
        parameters.KeyType = halfCache ? 1 : 0;
        parameters.ValueType = halfCache ? 1 : 0;
        nint context = _library.CreateContext(_model, parameters);
        return context != 0
            ? new LlamaCppContext(_library, context, VocabularySize)
            : throw new InvalidOperationException($"llama.cpp makes no context:\n{_library.TakeLog()}");
    }

    /// <summary>Opens a context that gives the states of tokens, or one vector for a text.</summary>
    /// <param name="contextLength">Longest text in tokens.</param>
    /// <param name="pooling">-1 for what the file says, 0 for the states of all tokens, 1 for their mean, 2 for the first, 3 for the last, 4 for a classifier's logits.</param>
    public LlamaCppEncoder CreateEncoder(int contextLength, int pooling)
    {
        LlamaCppContextParameters parameters = _library.ContextDefaults();
        parameters.ContextLength = (uint)contextLength;
        parameters.BatchSize = (uint)contextLength;
        parameters.MicroBatchSize = (uint)contextLength;
        parameters.MaxOutputsPerSequence = 0;
        parameters.Threads = 1;
        parameters.BatchThreads = 1;
        parameters.FlashAttentionType = 0;
        parameters.Embeddings = 1;
        parameters.PoolingType = pooling;
        nint context = _library.CreateContext(_model, parameters);
        return context != 0
            ? new LlamaCppEncoder(_library, context, _library.EmbeddingSize(_model))
            : throw new InvalidOperationException($"llama.cpp makes no context:\n{_library.TakeLog()}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_model != 0)
        {
            _library.FreeModel(_model);
            _model = 0;
        }
    }
}
