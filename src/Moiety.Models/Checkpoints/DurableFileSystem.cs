using System.Runtime.InteropServices;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// The few file-system calls that .NET lacks: making a rename survive a power cut, and exchanging two folders in one
/// step. Where the system has no such call, the plain ones are used.
/// </summary>
internal static partial class DurableFileSystem
{
    private const int CurrentFolder = -100;
    private const uint Exchange = 2;
    private const int OpenFolder = 0x10000;
    private const int LinuxNoSpace = 28;
    private const int WindowsDiskFull = 112;

    /// <summary>The code of an I/O error that .NET did not get from the system.</summary>
    public const int UnspecificError = unchecked((int)0x80131620);

    /// <summary>Whether an I/O error says that there is no room: no space, over quota, or over the largest file.</summary>
    public static bool IsOutOfSpace(IOException error) =>
        // Linux: ENOSPC, EDQUOT, EFBIG; Windows: ERROR_DISK_FULL, ERROR_HANDLE_DISK_FULL.
        OperatingSystem.IsWindows() ? (error.HResult & 0xFFFF) is WindowsDiskFull or 39 : error.HResult is LinuxNoSpace or 122 or 69 or 27;

    /// <summary>The error of a disk that is known to be full, with the system's code for it.</summary>
    public static IOException OutOfSpace(Exception error) =>
        new(error.Message, OperatingSystem.IsWindows() ? WindowsDiskFull : LinuxNoSpace);

    /// <summary>The error of a failed write, with what was needed and what there is.</summary>
    public static InvalidInputException WriteError(string path, long bytesNeeded, Exception error)
    {
        if (error is not IOException io || !IsOutOfSpace(io))
        {
            return new InvalidInputException($"{path}: cannot be written: {error.Message}", error);
        }

        string needed = bytesNeeded > 0 ? $"{bytesNeeded} bytes are needed" : "more bytes are needed";
        return new InvalidInputException($"{path}: the disk is full: {needed}, {FreeBytes(path)}; nothing was changed. Free some space or choose another place.", error);
    }

    /// <summary>Puts the entries of a folder on the disk, so that a rename in it survives a power cut.</summary>
    public static void FlushFolder(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        int handle = Open(path, OpenFolder);
        if (handle >= 0)
        {
            // Some file systems refuse to flush a folder; the rename itself is still atomic there.
            _ = Flush(handle);
            _ = Close(handle);
        }
    }

    /// <summary>Puts the bytes of a finished file on the disk.</summary>
    public static void FlushFile(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.ReadWrite);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>
    /// Gives <paramref name="target"/> the contents of <paramref name="source"/>, in one step where the system can; what
    /// was at the target before is deleted.
    /// </summary>
    public static void ReplaceFolder(string source, string target)
    {
        if (!Directory.Exists(target))
        {
            Directory.Move(source, target);
            return;
        }

        if (OperatingSystem.IsLinux() && Rename(CurrentFolder, source, CurrentFolder, target, Exchange) == 0)
        {
            Directory.Delete(source, recursive: true);
            return;
        }

        string old = source + ".old";
        Directory.Move(target, old);
        Directory.Move(source, target);
        Directory.Delete(old, recursive: true);
    }

    private static string FreeBytes(string path)
    {
        try
        {
            string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
            return $"{new DriveInfo(folder).AvailableFreeSpace} are free";
        }
        catch (Exception error) when (error is IOException or ArgumentException or UnauthorizedAccessException)
        {
            return "and the free space is unknown";
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Flush(int handle);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);

    [LibraryImport("libc", EntryPoint = "renameat2", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(int sourceFolder, string source, int targetFolder, string target, uint flags);
}
