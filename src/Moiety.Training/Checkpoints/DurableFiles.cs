using System.Runtime.InteropServices;

namespace Moiety.Training.Checkpoints;

/// <summary>
/// Writes that are there completely or not at all, even when the process is killed or the power fails: write beside, flush to
/// the disk, rename, flush the folder.
/// </summary>
internal static partial class DurableFiles
{
    /// <summary>What the names of unfinished files and folders begin with.</summary>
    internal const string TemporaryPrefix = ".unfinished-";

    /// <summary>Creates a folder and its parents.</summary>
    internal static void CreateDirectory(string path) => Directory.CreateDirectory(path);

    /// <summary>Replaces a file by what <paramref name="write"/> writes.</summary>
    internal static void Replace(string path, Action<FileStream> write)
    {
        string temporary = TemporaryBeside(path);
        try
        {
            Write(temporary, write);
            File.Move(temporary, path, overwrite: true);
            FlushFolder(Path.GetDirectoryName(path)!);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Writes a file and flushes it to the disk.</summary>
    internal static void Write(string path, Action<FileStream> write)
    {
        using FileStream stream = new(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 20);
        write(stream);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Makes a folder appear under its name once <paramref name="fill"/> has filled it.</summary>
    internal static void CreateFolder(string path, Action<string> fill)
    {
        string temporary = TemporaryBeside(path);
        Directory.CreateDirectory(temporary);
        try
        {
            fill(temporary);
            FlushFolder(temporary);
            if (Directory.Exists(path))
            {
                DeleteFolder(path);
            }

            Directory.Move(temporary, path);
            FlushFolder(Path.GetDirectoryName(path)!);
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
    }

    /// <summary>Removes a folder such that it is never seen half removed.</summary>
    internal static void DeleteFolder(string path)
    {
        string temporary = TemporaryBeside(path);
        Directory.Move(path, temporary);
        Directory.Delete(temporary, recursive: true);
    }

    /// <summary>Removes what killed processes left unfinished in a folder.</summary>
    internal static void RemoveUnfinished(string folder)
    {
        foreach (string left in Directory.EnumerateFileSystemEntries(folder, TemporaryPrefix + "*"))
        {
            if (Directory.Exists(left))
            {
                Directory.Delete(left, recursive: true);
            }
            else
            {
                File.Delete(left);
            }
        }
    }

    private static string TemporaryBeside(string path) =>
        Path.Combine(Path.GetDirectoryName(path)!, $"{TemporaryPrefix}{Path.GetFileName(path)}-{Environment.ProcessId}-{Guid.NewGuid():N}");

    // The rename itself is on the disk only when the folder is.
    private static void FlushFolder(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        int descriptor = open(path, 0);
        if (descriptor >= 0)
        {
            _ = fsync(descriptor);
            _ = close(descriptor);
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc")]
    private static partial int fsync(int descriptor);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);
}
