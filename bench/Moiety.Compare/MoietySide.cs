using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Steps;
using Moiety.Models.Checkpoints;

namespace Moiety.Compare;

/// <summary>Moiety's engine, with its default options.</summary>
internal sealed class MoietySide : ISide
{
    private readonly Checkpoint _checkpoint;
    private readonly Engine _engine;
    private readonly KvCache _cache;
    private readonly Batch _batch = new();

    public MoietySide(string path, int threads, int contextLength)
    {
        _checkpoint = Checkpoint.Open(path);
        _engine = Engine.Open(_checkpoint, new EngineOptions { Threads = threads, ContextLength = contextLength });
        _cache = _engine.CreateCache();
    }

    public string Name => "Moiety";

    public void Clear() => _cache.Truncate(0);

    public void Append(ReadOnlySpan<int> tokens)
    {
        _batch.Clear();
        _batch.Add(_cache, tokens);
        _engine.Step(_batch);
    }

    public void Dispose()
    {
        _cache.Dispose();
        _engine.Dispose();
        _checkpoint.Dispose();
    }
}
