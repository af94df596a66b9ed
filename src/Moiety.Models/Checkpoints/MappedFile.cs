using System.IO.MemoryMappedFiles;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// A file mapped into memory for reading. Every view is taken through <see cref="Slice"/>, which checks it against the
/// length of the file, so that no matrix can reach outside.
/// </summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private bool _disposed;

    private MappedFile(string path, MemoryMappedFile file, MemoryMappedViewAccessor view, long length)
    {
        Path = path;
        Length = length;
        _file = file;
        _view = view;
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _start = start + view.PointerOffset;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Bytes of the file when it was opened.</summary>
    public long Length { get; }

    /// <summary>Maps a file.</summary>
    /// <exception cref="InvalidInputException">It does not exist, may not be read, or is empty.</exception>
    public static MappedFile Open(string path)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            long length = stream.Length;
            if (length == 0)
            {
                throw new InvalidCheckpointException(path, "file", "it is empty (an interrupted download?)");
            }

            MemoryMappedFile file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            try
            {
                return new MappedFile(path, file, file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read), length);
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new InvalidInputException($"{path}: cannot be opened: {error.Message}", error);
        }
    }

    /// <summary>The first byte of a range that lies inside the file.</summary>
    /// <exception cref="InvalidCheckpointException">The range leaves the file.</exception>
    public byte* Slice(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (offset < 0 || length < 0 || offset > Length - length)
        {
            throw new InvalidCheckpointException(Path, "file", $"it needs {length} bytes at offset {offset}, the file ends at {Length} (truncated?)");
        }

        return _start + offset;
    }

    /// <summary>A range of bytes that lies inside the file.</summary>
    /// <exception cref="InvalidCheckpointException">The range leaves the file.</exception>
    public ReadOnlySpan<byte> Bytes(long offset, int length) => new(Slice(offset, length), length);

    /// <summary>Unmaps the file.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file.Dispose();
        }
    }
}
