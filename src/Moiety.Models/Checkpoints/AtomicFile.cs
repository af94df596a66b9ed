namespace Moiety.Models.Checkpoints;

/// <summary>
/// Writes a file so that a reader sees the old one or the complete new one, whatever happens in between: the bytes go
/// into <c>NAME.partial</c> beside it, reach the disk, and are renamed.
/// </summary>
public static class AtomicFile
{
    /// <summary>Writes or replaces a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="expectedBytes">Its size where it is known, reserved before the first byte; otherwise 0.</param>
    /// <param name="write">Writes the bytes. When it throws, the partial file is removed and the old file stays.</param>
    /// <exception cref="InvalidInputException">The disk is full, or the file cannot be written.</exception>
    public static void Write(string path, long expectedBytes, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        string full = Path.GetFullPath(path);
        string partial = full + ".partial";
        if (Directory.Exists(full))
        {
            throw new InvalidInputException($"{path}: cannot be written: it is a folder.");
        }

        // A rename would put a file in the place of the device.
        if (Path.GetDirectoryName(full) is "/dev" or "/dev/fd")
        {
            throw new InvalidInputException($"{path}: cannot be written: it is a device, and a file is to be written.");
        }

        bool opened = false;
        bool complete = false;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            WriteStream(partial, expectedBytes, stream =>
            {
                opened = true;
                write(stream);
                ((FileStream)stream).Flush(flushToDisk: true);
            });
            File.Move(partial, full, overwrite: true);
            complete = true;
            DurableFileSystem.FlushFolder(Path.GetDirectoryName(full)!);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw DurableFileSystem.WriteError(path, expectedBytes, error);
        }
        finally
        {
            if (opened && !complete)
            {
                File.Delete(partial);
            }
        }
    }

    /// <summary>Opens a new file for writing with its size reserved.</summary>
    /// <exception cref="IOException">The file cannot be opened or written; see <see cref="DurableFileSystem.IsOutOfSpace"/>.</exception>
    internal static void WriteStream(string path, long expectedBytes, Action<Stream> write)
    {
        using FileStream stream = Open(path, expectedBytes);
        try
        {
            write(stream);
        }
        catch (ArgumentOutOfRangeException error) when (error.ParamName == "value" && !OperatingSystem.IsWindows())
        {
            // .NET reports a write beyond the largest file (EFBIG: a limit, an old file system) as a wrong argument.
            throw DurableFileSystem.OutOfSpace(error);
        }
    }

    private static FileStream Open(string path, long expectedBytes)
    {
        try
        {
            return new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                Share = FileShare.None,
                BufferSize = 0,
                PreallocationSize = expectedBytes,
            });
        }
        catch (IOException error) when (expectedBytes > 0 && error.HResult == DurableFileSystem.UnspecificError)
        {
            // All other failures to open have a code; a reservation that fails has none.
            throw DurableFileSystem.OutOfSpace(error);
        }
    }
}
