using System.Runtime.InteropServices;
using Moiety.Training.Native;
using TorchSharp;

namespace Moiety.Training.Tests.Native;

public class TorchLibraryTests
{
    [Fact]
    public void Torch_computes()
    {
        TorchLibrary.EnsureLoaded();
        using torch.Tensor two = torch.ones(3).add(1);
        Assert.Equal([2f, 2f, 2f], two.data<float>().ToArray());
    }

    [Fact]
    public void Patch_changes_14_bytes_at_most_and_a_second_time_nothing()
    {
        byte[] original = File.ReadAllBytes(Library());
        byte[] patched = [.. original];
        Assert.Equal(14, TorchLibraryPatch.Apply(patched));
        int changed = Enumerable.Range(0, original.Length).Count(i => original[i] != patched[i]);
        Assert.InRange(changed, 1, 14);
        byte[] again = [.. patched];
        Assert.Equal(0, TorchLibraryPatch.Apply(again));
        Assert.Equal(patched, again);
    }

    [Fact]
    public void Patched_library_needs_nothing_that_old_systems_lack()
    {
        byte[] patched = File.ReadAllBytes(Library());
        TorchLibraryPatch.Apply(patched);
        using TemporaryFolder folder = new();
        string file = folder["library.so"];
        File.WriteAllBytes(file, patched);
        string needs = ReadElf(file);
        Assert.DoesNotContain(TorchLibraryPatch.MissingVersion, needs, StringComparison.Ordinal);
        Assert.Contains("GLIBCXX_3.4.30", needs, StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_without_the_pattern_is_refused_with_the_cause()
    {
        byte[] library = File.ReadAllBytes(Library());
        byte[] name = System.Text.Encoding.ASCII.GetBytes(TorchLibraryPatch.MissingSymbol);
        for (int at = library.AsSpan().IndexOf(name); at >= 0; at = library.AsSpan().IndexOf(name))
        {
            library[at]++;
        }

        string message = Assert.Throws<InvalidOperationException>(() => TorchLibraryPatch.Apply(library)).Message;
        Assert.Contains("GLIBCXX_3.4.32", message, StringComparison.Ordinal);
        Assert.Contains("libstdc++", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Anything_but_a_library_is_refused()
    {
        byte[] library = File.ReadAllBytes(Library());
        Random random = new(1);
        Assert.Throws<InvalidOperationException>(() => TorchLibraryPatch.Apply(new byte[10]));
        Assert.Throws<InvalidOperationException>(() => TorchLibraryPatch.Apply(new byte[4096]));
        for (int i = 0; i < 50; i++)
        {
            byte[] damaged = library[..random.Next(64, library.Length)];
            Assert.Throws<InvalidOperationException>(() => TorchLibraryPatch.Apply(damaged));
        }
    }

    [Fact]
    public void Processes_that_patch_at_the_same_time_get_the_same_whole_file_and_leave_nothing_else()
    {
        using TemporaryFolder cache = new();
        string library = Library();
        byte[] before = File.ReadAllBytes(library);
        string[] copies = new string[4];
        Parallel.For(0, copies.Length, i => copies[i] = TorchLibrary.WritePatchedCopy(library, cache.Path));
        string copy = Assert.Single(copies.Distinct());
        byte[] expected = [.. before];
        TorchLibraryPatch.Apply(expected);
        Assert.Equal(expected, File.ReadAllBytes(copy));
        Assert.Equal(before, File.ReadAllBytes(library));
        Assert.Equal([copy], Directory.GetFiles(cache.Path, "*", SearchOption.AllDirectories));

        File.WriteAllBytes(copy, [1, 2, 3]);
        Assert.Equal(copy, TorchLibrary.WritePatchedCopy(library, cache.Path));
        Assert.Equal(expected, File.ReadAllBytes(copy));
    }

    private static string Library()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64, "The library is for Linux on x64.");
        return Directory.GetFiles(AppContext.BaseDirectory, "libLibTorchSharp.so", SearchOption.AllDirectories).First();
    }

    private static string ReadElf(string file)
    {
        System.Diagnostics.ProcessStartInfo start = new("readelf", ["-V", file]) { RedirectStandardOutput = true };
        try
        {
            using System.Diagnostics.Process process = System.Diagnostics.Process.Start(start)!;
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return output;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("readelf (binutils) is absent: it is the second opinion on the patched file.");
            throw;
        }
    }
}
