using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// A canonical tensor of an opened checkpoint: a view into a file, or, where the file has another layout, what it takes to make a
/// copy. The copy is made when the tensor is first asked for and kept until the checkpoint is closed.
/// </summary>
internal sealed unsafe class CheckpointTensor : IDisposable
{
    private readonly TensorPlacement? _placement;
    private readonly FileTensor? _source;
    private readonly Lock _gate = new();
    private Matrix? _matrix;
    private AlignedBuffer? _memory;

    /// <summary>A view.</summary>
    public CheckpointTensor(Matrix view)
    {
        _matrix = view;
        Description = new TensorDescription(view.Format, view.Rows, view.Columns);
    }

    /// <summary>A copy to be made.</summary>
    /// <param name="placement">Where the tensor lies in the file's.</param>
    /// <param name="source">The file's tensor, or null for one that is absent and has one value throughout.</param>
    public CheckpointTensor(TensorPlacement placement, FileTensor? source)
    {
        _placement = placement;
        _source = source;
        StorageFormat format = source is null ? StorageFormats.F32 : placement.FormatFor(source.Format);
        Description = new TensorDescription(format, placement.Tensor.Rows, placement.Tensor.Columns);
    }

    /// <summary>Format and shape, known without making a copy.</summary>
    public TensorDescription Description { get; }

    /// <summary>The tensor; a copy is made once and kept.</summary>
    public Matrix Get()
    {
        lock (_gate)
        {
            if (_matrix is null)
            {
                _memory = Copy();
                _matrix = View(_memory);
            }

            return _matrix;
        }
    }

    /// <summary>The tensor for passing use: a copy that does not exist yet is not kept.</summary>
    /// <param name="copy">To be disposed of after use when it is not null.</param>
    public Matrix Open(out IDisposable? copy)
    {
        lock (_gate)
        {
            if (_matrix is not null)
            {
                copy = null;
                return _matrix;
            }
        }

        AlignedBuffer memory = Copy();
        copy = memory;
        return View(memory);
    }

    /// <summary>Frees the copy.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _memory?.Dispose();
        }
    }

    private AlignedBuffer Copy()
    {
        AlignedBuffer memory = new(Description.ByteLength);
        try
        {
            TensorCopy.Fill(_placement!, _source, memory.Pointer);
            return memory;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    private Matrix View(AlignedBuffer memory) => new(Description.Format, Description.Rows, Description.Columns, memory.Pointer, memory);
}
