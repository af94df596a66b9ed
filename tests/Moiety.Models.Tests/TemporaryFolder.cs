namespace Moiety.Models.Tests;

/// <summary>A folder for one test, in memory where the system has such a place, removed afterwards.</summary>
public sealed class TemporaryFolder : IDisposable
{
    private const string Memory = "/dev/shm";

    public string Path { get; } = Directory.Exists(Memory)
        ? Directory.CreateDirectory(System.IO.Path.Combine(Memory, $"moiety-models-{Guid.NewGuid():N}")).FullName
        : Directory.CreateTempSubdirectory("moiety-models-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
