using System.Collections.Immutable;

namespace Moiety.Models.Checkpoints.PyTorch;

/// <summary>A tensor whose elements do not follow each other in its storage, such as a transposed view: gathered when it is read.</summary>
/// <param name="file">The mapped file.</param>
/// <param name="tensor">Its name, type and shape; the offset is that of its first element.</param>
/// <param name="strides">Elements from one index of a dimension to the next; the reader checked that none leaves the storage.</param>
internal sealed unsafe class StridedTensor(MappedFile file, StoredTensor tensor, ImmutableArray<long> strides) : FileTensor
{
    private readonly byte* _start = file.Slice(tensor.Offset, 0);

    /// <inheritdoc/>
    public override string Path => file.Path;

    /// <inheritdoc/>
    public override string Name => tensor.Name;

    /// <inheritdoc/>
    public override ElementType Type => tensor.Type;

    /// <inheritdoc/>
    public override ImmutableArray<long> Shape => tensor.Shape;

    /// <inheritdoc/>
    public override void Read(long offset, long bytes, byte* target)
    {
        int element = tensor.Type.BlockBytes;
        int inner = tensor.Shape.Length - 1;
        long columns = tensor.Shape[inner];
        long stride = strides[inner] * element;
        for (long done = 0; done < bytes;)
        {
            long index = (offset + done) / element;
            long column = index % columns;
            long count = Math.Min(columns - column, (bytes - done) / element);
            byte* source = _start + (RowStart(index / columns) * element) + (column * stride);
            for (long i = 0; i < count; i++)
            {
                Buffer.MemoryCopy(source + (i * stride), target + done, element, element);
                done += element;
            }
        }
    }

    private long RowStart(long row)
    {
        long start = 0;
        for (int i = tensor.Shape.Length - 2; i >= 0; i--)
        {
            start += row % tensor.Shape[i] * strides[i];
            row /= tensor.Shape[i];
        }

        return start;
    }
}
