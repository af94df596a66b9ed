namespace Moiety.LlamaCpp;

/// <summary>An encoder that llama.cpp evaluates.</summary>
public sealed unsafe class LlamaCppEncoder : IDisposable
{
    private readonly LlamaCppLibrary _library;
    private readonly LlamaCppContext _context;
    private readonly nint _handle;
    private readonly int _size;

    internal LlamaCppEncoder(LlamaCppLibrary library, nint context, int size)
    {
        _library = library;
        _handle = context;
        _context = new LlamaCppContext(library, context, 0);
        _size = size;
    }

    /// <summary>The last states of all tokens of a text, [token][hidden]; the context pools nothing.</summary>
    public float[][] States(ReadOnlySpan<int> tokens)
    {
        _context.Append(tokens, 0, allLogits: true);
        float[][] states = new float[tokens.Length][];
        for (int token = 0; token < states.Length; token++)
        {
            states[token] = new ReadOnlySpan<float>(_library.GetEmbedding(_handle, token), _size).ToArray();
        }

        return states;
    }

    /// <summary>The pooled vector of a text, or the logits of a classifier.</summary>
    /// <param name="tokens">The text.</param>
    /// <param name="size">Elements; null for the hidden size.</param>
    public float[] Pooled(ReadOnlySpan<int> tokens, int? size = null)
    {
        _context.Append(tokens, 0, allLogits: true);
        float* pooled = _library.GetPooledEmbedding(_handle, 0);
        return pooled is not null
            ? new ReadOnlySpan<float>(pooled, size ?? _size).ToArray()
            : throw new InvalidOperationException($"llama.cpp gives no vector:\n{_library.TakeLog()}");
    }

    /// <inheritdoc/>
    public void Dispose() => _context.Dispose();
}
