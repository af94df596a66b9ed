using Moiety.LlamaCpp;

namespace Moiety.Compare;

/// <summary>llama.cpp as it likes to run: repacked weights, keys and values in F16, flash attention where it chooses it.</summary>
internal sealed class LlamaCppSide : ISide
{
    private readonly LlamaCppModel _model;
    private readonly LlamaCppContext _context;
    private int _length;

    public LlamaCppSide(LlamaCppLibrary library, string path, int threads, int contextLength)
    {
        _model = new LlamaCppModel(library, path, repack: true);
        _context = _model.CreateContext(contextLength, threads, halfCache: true);
    }

    public string Name => "llama.cpp";

    public void Clear()
    {
        _context.Clear();
        _length = 0;
    }

    public void Append(ReadOnlySpan<int> tokens)
    {
        _context.Append(tokens, _length, allLogits: false);
        _length += tokens.Length;
    }

    public void Dispose()
    {
        _context.Dispose();
        _model.Dispose();
    }
}
