namespace Moiety.Testing;

/// <summary>A folder for one test, in memory where the system has such a place, removed afterwards.</summary>
public sealed class TemporaryFolder : IDisposable
{
    private const string Memory = "/dev/shm";

    public string Path { get; } = Directory.Exists(Memory)
        ? Directory.CreateDirectory(System.IO.Path.Combine(Memory, $"moiety-{Guid.NewGuid():N}")).FullName
        : Directory.CreateTempSubdirectory("moiety-").FullName;

    /// <summary>The path of a file in it.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file, with the folders on its way, and returns its path.</summary>
    public string Write(string name, ReadOnlySpan<byte> bytes)
    {
        string file = this[name];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, bytes);
        return file;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
