using System.Text;

namespace Moiety.LlamaCpp;

/// <summary>A low-rank adapter that llama.cpp has read for a model.</summary>
public sealed unsafe class LlamaCppAdapter : IDisposable
{
    private readonly LlamaCppLibrary _library;

    /// <summary>Reads a GGUF file.</summary>
    /// <exception cref="InvalidOperationException">llama.cpp refuses it.</exception>
    public LlamaCppAdapter(LlamaCppLibrary library, LlamaCppModel model, string path)
    {
        _library = library;
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            Handle = library.LoadAdapter(model.Handle, name);
        }

        if (Handle == 0)
        {
            throw new InvalidOperationException($"llama.cpp does not read {path}:\n{library.TakeLog()}");
        }
    }

    internal nint Handle { get; private set; }

    public void Dispose()
    {
        if (Handle != 0)
        {
            _library.FreeAdapter(Handle);
            Handle = 0;
        }
    }
}
