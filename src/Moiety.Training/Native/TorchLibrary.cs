using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Security.Cryptography;

namespace Moiety.Training.Native;

/// <summary>
/// Loads libtorch and TorchSharp's native library before TorchSharp looks for them. Where the system's libstdc++ is too
/// old for the library (see <see cref="TorchLibraryPatch"/>), a patched copy in a per-user cache is loaded in its place;
/// elsewhere nothing happens and TorchSharp finds its files itself.
/// </summary>
public static unsafe partial class TorchLibrary
{
    private const string LibraryName = "LibTorchSharp";
    private const string FileName = "libLibTorchSharp.so";

    // Parameters of mallopt, from malloc.h.
    private const int TrimThreshold = -1;
    private const int MmapThreshold = -3;

    private static readonly Lazy<bool> Loaded = new(LoadOnce);

    /// <summary>Whether the application carries libtorch for CUDA.</summary>
    internal static bool HasCuda => SearchFolders().Any(folder => File.Exists(Path.Combine(folder, "libtorch_cuda.so")) || File.Exists(Path.Combine(folder, "torch_cuda.dll")));

    /// <summary>Makes TorchSharp usable in this process. Safe to call any number of times, from any thread.</summary>
    /// <returns>Whether the patched copy is in use.</returns>
    /// <exception cref="InvalidOperationException">The native library is missing, or cannot be adapted to this system.</exception>
    public static bool EnsureLoaded() => Loaded.Value;

    /// <summary>Writes the patched copy into a folder, unless it is there; safe against other processes that do the same.</summary>
    /// <param name="libraryPath">The library as it came from NuGet; never written to.</param>
    /// <param name="cacheFolder">Where the copy goes.</param>
    /// <returns>Path of the copy. Its folder is named after the hash of the original.</returns>
    internal static string WritePatchedCopy(string libraryPath, string cacheFolder)
    {
        byte[] bytes = File.ReadAllBytes(libraryPath);
        string folder = Path.Combine(cacheFolder, Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]);
        string copy = Path.Combine(folder, FileName);
        TorchLibraryPatch.Apply(bytes);
        if (IsSameFile(copy, bytes))
        {
            return copy;
        }

        Directory.CreateDirectory(folder);
        string temporary = Path.Combine(folder, $".{FileName}.{Environment.ProcessId}.{Guid.NewGuid():N}");
        try
        {
            using (FileStream stream = new(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                stream.Write(bytes);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, copy, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }

        return copy;
    }

    private static bool IsSameFile(string path, byte[] expected) =>
        File.Exists(path) && new FileInfo(path).Length == expected.Length && File.ReadAllBytes(path).AsSpan().SequenceEqual(expected);

    private static bool LoadOnce()
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        PrepareProcess();
        if (SystemHasSymbol())
        {
            return false;
        }

        string library = Locate();
        string copy = WritePatchedCopy(library, CacheFolder());

        // The copy's DT_NEEDED entries resolve to libraries that are loaded already, by their SONAME: its own folder has none.
        string folder = Path.GetDirectoryName(library)!;
        foreach (string needed in (ReadOnlySpan<string>)["libc10.so", "libtorch_cpu.so", "libtorch.so"])
        {
            NativeLibrary.Load(FindBeside(needed, folder));
        }

        nint handle = NativeLibrary.Load(copy);
        AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, name) => name == LibraryName ? handle : 0;
        return true;
    }

    // libgomp reads its settings when it is loaded. Its threads spin at the end of every parallel loop by default: as soon as
    // another process wants the processor, a thread spins while the one that it waits for is not running, and training becomes
    // several times slower. Sleeping costs next to nothing. And the allocator gives large blocks back to the system at once by
    // default, so that every activation of every step would be mapped, zeroed and unmapped again.
    private static void PrepareProcess()
    {
        _ = setenv("OMP_WAIT_POLICY", "PASSIVE", overwrite: 0);
        _ = mallopt(MmapThreshold, int.MaxValue);
        _ = mallopt(TrimThreshold, int.MaxValue);
    }

    // Whether libstdc++ exports the one symbol whose version Debian 12 lacks.
    private static bool SystemHasSymbol()
    {
        if (!NativeLibrary.TryLoad("libstdc++.so.6", out nint standard))
        {
            return true; // Not our case: let the loader say what is missing.
        }

        return dlvsym(standard, TorchLibraryPatch.MissingSymbol, TorchLibraryPatch.MissingVersion) != 0;
    }

    private static string Locate()
    {
        foreach (string folder in SearchFolders())
        {
            string path = Path.Combine(folder, FileName);
            if (File.Exists(path))
            {
                return path;
            }
        }

        throw new InvalidOperationException(
            $"{FileName} is in none of: {string.Join(", ", SearchFolders())}. It comes with the NuGet package TorchSharp (linux-x64 only).");
    }

    private static string FindBeside(string file, string folder)
    {
        string? path = SearchFolders().Prepend(folder).Select(candidate => Path.Combine(candidate, file)).FirstOrDefault(File.Exists);
        return path ?? throw new InvalidOperationException(
            $"{file} is neither in {folder} nor in the application's folders. It comes with the NuGet package libtorch-cpu-linux-x64, or the one for CUDA.");
    }

    private static IEnumerable<string> SearchFolders()
    {
        string host = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        return host.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Append(AppContext.BaseDirectory)
            .Append(Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native"));
    }

    private static string CacheFolder()
    {
        string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(cache))
        {
            string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            cache = home.Length > 0 ? Path.Combine(home, ".cache") : Path.GetTempPath();
        }

        return Path.Combine(cache, "moiety", "native");
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint dlvsym(nint handle, string symbol, string version);
}
