using System.IO.MemoryMappedFiles;
using Moiety.Models;

namespace Moiety.Data.Teachers;

/// <summary>A teacher's answers over a corpus, memory-mapped: what <see cref="TeacherCacheWriter"/> wrote.</summary>
public sealed unsafe class TeacherCache : IDisposable
{
    private readonly string _path;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _data;

    private TeacherCache(string path, TeacherCacheDescription description)
    {
        _path = path;
        Description = description;
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _file.CreateViewAccessor(0, description.FileBytes, MemoryMappedFileAccess.Read);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _data = start;
    }

    /// <summary>What the answers are about.</summary>
    public TeacherCacheDescription Description { get; }

    /// <summary>Whether a folder holds the answers.</summary>
    public static bool Exists(string folder, TeacherCacheDescription description) => File.Exists(TeacherCacheFile.PathOf(folder, description));

    /// <summary>Opens the answers.</summary>
    /// <exception cref="InvalidInputException">There is no such file, or it is damaged; the message says what to do.</exception>
    public static TeacherCache Open(string folder, TeacherCacheDescription description)
    {
        ArgumentNullException.ThrowIfNull(description);
        string path = TeacherCacheFile.PathOf(folder, description);
        if (!File.Exists(path))
        {
            throw new InvalidInputException($"{path}: the teacher's answers over this corpus are not there; make them with: moiety distill … --teacher-cache {folder}");
        }

        using (FileStream stream = File.OpenRead(path))
        {
            byte[] header = new byte[TeacherCacheFile.HeaderBytes];
            if (stream.Length != description.FileBytes
                || stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length
                || !header.AsSpan().SequenceEqual(TeacherCacheFile.Header(description)))
            {
                throw Damaged(path, $"it has {stream.Length} bytes where {description.FileBytes} are needed, or another header");
            }
        }

        return new TeacherCache(path, description);
    }

    /// <summary>The answers over a sequence, checked against their checksum.</summary>
    /// <param name="sequence">Number of the sequence in the order of the corpus.</param>
    /// <exception cref="InvalidInputException">They are damaged.</exception>
    public TeacherAnswers Read(int sequence)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sequence);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(sequence, Description.SequenceCount);
        ReadOnlySpan<byte> block = new(_data + TeacherCacheFile.HeaderBytes + (sequence * Description.BlockBytes), checked((int)Description.BlockBytes));
        return TeacherCacheFile.IsIntact(block) ? new TeacherAnswers(block, Description) : throw Damaged(_path, $"the answers over sequence {sequence} do not fit their checksum");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    private static InvalidInputException Damaged(string path, string how) => new($"{path}: the teacher's answers are damaged ({how}); delete the file to have them made again.");
}
