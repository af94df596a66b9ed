using Moiety.Models.Chat;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Experts;

/// <summary>
/// A model that is made of another one: tensors that stay are views of the other's, the rest is computed when it is first asked for. It
/// runs in an engine and is written to a file as any checkpoint is. The other model must stay open as long as this one.
/// </summary>
internal abstract unsafe class DerivedCheckpoint : Checkpoint
{
    private readonly Dictionary<string, TensorSpec> _specs;
    private readonly Dictionary<(TensorRole Role, int Layer, int Expert), TensorSpec> _sources;
    private readonly Dictionary<string, (Matrix Matrix, AlignedBuffer Memory)> _computed = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <param name="source">The other model.</param>
    /// <param name="config">What it becomes.</param>
    protected DerivedCheckpoint(Checkpoint source, ModelConfig config)
    {
        Source = source;
        Config = config;
        _specs = TensorCatalog.For(config).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        _sources = TensorCatalog.For(source.Config).ToDictionary(tensor => (tensor.Role, tensor.Layer, tensor.Expert));
    }

    /// <inheritdoc/>
    public override string Path => Source.Path;

    /// <inheritdoc/>
    public override ModelConfig Config { get; }

    /// <inheritdoc/>
    public override Tokenizer? Tokenizer => Source.Tokenizer;

    /// <inheritdoc/>
    public override GenerationConfig? Generation => Source.Generation;

    /// <inheritdoc/>
    public override ChatTemplate? ChatTemplate => Source.ChatTemplate;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Warnings => Source.Warnings;

    /// <inheritdoc/>
    public override EmbeddingConfig? Embedding => Source.Embedding;

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> TensorNames => _specs.Keys;

    /// <summary>The other model.</summary>
    protected Checkpoint Source { get; }

    /// <inheritdoc/>
    public override Matrix GetTensor(string name)
    {
        TensorSpec tensor = SpecOf(name);
        if (Unchanged(tensor) is { } same)
        {
            return Source.GetTensor(same.Name);
        }

        lock (_gate)
        {
            if (!_computed.TryGetValue(name, out (Matrix Matrix, AlignedBuffer Memory) known))
            {
                known = Make(tensor);
                _computed.Add(name, known);
            }

            return known.Matrix;
        }
    }

    /// <inheritdoc/>
    public override TensorDescription Describe(string name)
    {
        TensorSpec tensor = SpecOf(name);
        return Unchanged(tensor) is { } same ? Source.Describe(same.Name) : new TensorDescription(FormatOf(tensor), tensor.Rows, tensor.Columns);
    }

    /// <inheritdoc/>
    internal override Matrix OpenTensor(string name, out IDisposable? copy)
    {
        TensorSpec tensor = SpecOf(name);
        if (Unchanged(tensor) is { } same)
        {
            return Source.OpenTensor(same.Name, out copy);
        }

        lock (_gate)
        {
            if (_computed.TryGetValue(name, out (Matrix Matrix, AlignedBuffer Memory) known))
            {
                copy = null;
                return known.Matrix;
            }
        }

        (Matrix matrix, AlignedBuffer memory) = Make(tensor);
        copy = memory;
        return matrix;
    }

    /// <summary>The other model's tensor that takes a tensor's place as it is, or null when the values are computed.</summary>
    protected abstract TensorSpec? Unchanged(TensorSpec tensor);

    /// <summary>Computes the values of a tensor, row-major.</summary>
    protected abstract void Compute(TensorSpec tensor, Span<float> values);

    /// <summary>A tensor of the other model whose format a computed one gets.</summary>
    protected abstract TensorSpec Model(TensorSpec tensor);

    /// <summary>A tensor of the other model; expert -1 where there is none.</summary>
    protected TensorSpec SourceOf(TensorRole role, int layer, int expert = -1) => _sources[(role, layer, expert)];

    /// <summary>The other model's tensor that has the place of one, with another expert.</summary>
    protected TensorSpec SourceOf(TensorSpec tensor, int expert) => _sources[(tensor.Role, tensor.Layer, expert)];

    /// <summary>The values of a tensor of the other model, row-major.</summary>
    protected float[] Read(TensorSpec tensor) => TensorValues.Read(Source, tensor);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach ((_, AlignedBuffer memory) in _computed.Values)
        {
            memory.Dispose();
        }

        _computed.Clear();
    }

    // Blocks of routers and vectors would round what is only picked out of others.
    private StorageFormat FormatOf(TensorSpec tensor)
    {
        StorageFormat format = Source.Describe(Model(tensor).Name).Format.ForColumns(tensor.Columns);
        bool isExact = tensor.IsVector || tensor.Role is TensorRole.Router or TensorRole.SharedWeight or TensorRole.Coefficient;
        return !format.CanQuantize || (isExact && format.BlockLength > 1) ? StorageFormats.F32 : format;
    }

    private (Matrix Matrix, AlignedBuffer Memory) Make(TensorSpec tensor)
    {
        float[] values = new float[TensorValues.CountOf(tensor)];
        Compute(tensor, values);
        StorageFormat format = FormatOf(tensor);
        long rowBytes = format.RowBytes(tensor.Columns);
        AlignedBuffer memory = new(rowBytes * tensor.Rows);
        for (int row = 0; row < tensor.Rows; row++)
        {
            format.Quantize(values.AsSpan(row * tensor.Columns, tensor.Columns), new Span<byte>(memory.Pointer + (row * rowBytes), checked((int)rowBytes)));
        }

        return (new Matrix(format, tensor.Rows, tensor.Columns, memory.Pointer, memory), memory);
    }

    private TensorSpec SpecOf(string name) => _specs.TryGetValue(name, out TensorSpec? tensor)
        ? tensor
        : throw new InvalidCheckpointException(Path, name, "there is no such tensor.");
}
