namespace Moiety.Models.Checkpoints;

/// <summary>
/// Writes a folder of files so that a reader sees the old one or the complete new one: the files go into
/// <c>NAME.partial</c> beside it, reach the disk, and the folders are exchanged.
/// </summary>
public static class AtomicFolder
{
    /// <summary>Writes or replaces a folder.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="expectedBytes">Bytes of all files where known, for the message when the disk is full; otherwise 0.</param>
    /// <param name="mayReplace">
    /// Whether a file of this name in an existing folder may be lost; one in a folder within is asked for as <c>FOLDER/NAME</c>. A folder
    /// that holds anything else is refused, so that nobody's files disappear.
    /// </param>
    /// <param name="fill">Writes the files into the folder that it is given. When it throws, nothing is left behind.</param>
    /// <exception cref="InvalidInputException">The disk is full, or the folder cannot be written or replaced.</exception>
    public static void Write(string path, long expectedBytes, Predicate<string> mayReplace, Action<string> fill)
    {
        ArgumentNullException.ThrowIfNull(mayReplace);
        ArgumentNullException.ThrowIfNull(fill);
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        string partial = full + ".partial";
        try
        {
            CheckTarget(path, full, mayReplace);
            Delete(partial);
            Directory.CreateDirectory(partial);
            fill(partial);
            foreach (string file in Directory.EnumerateFiles(partial, "*", SearchOption.AllDirectories))
            {
                DurableFileSystem.FlushFile(file);
            }

            DurableFileSystem.FlushFolder(partial);
            CheckTarget(path, full, mayReplace);
            DurableFileSystem.ReplaceFolder(partial, full);
            DurableFileSystem.FlushFolder(Path.GetDirectoryName(full) ?? full);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw DurableFileSystem.WriteError(path, expectedBytes, error);
        }
        finally
        {
            Delete(partial);
        }
    }

    private static void CheckTarget(string path, string full, Predicate<string> mayReplace)
    {
        if (File.Exists(full))
        {
            throw new InvalidInputException($"{path}: cannot be written: it is a file, and a folder is to be written.");
        }

        if (Directory.Exists(full)
            && Directory.EnumerateFileSystemEntries(full).FirstOrDefault(entry => !MayReplace(entry, mayReplace)) is { } foreign)
        {
            throw new InvalidInputException(
                $"{path}: the folder exists and holds \"{Path.GetFileName(foreign)}\", which would be lost. Choose a new folder or move it away.");
        }
    }

    private static bool MayReplace(string entry, Predicate<string> mayReplace)
    {
        string name = Path.GetFileName(entry);
        return Directory.Exists(entry)
            ? Directory.EnumerateFileSystemEntries(entry).All(file => !Directory.Exists(file) && mayReplace($"{name}/{Path.GetFileName(file)}"))
            : mayReplace(name);
    }

    private static void Delete(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
