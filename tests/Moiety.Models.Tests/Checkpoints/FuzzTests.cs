using Moiety.Testing.Fuzzing;

namespace Moiety.Models.Tests.Checkpoints;

/// <summary>
/// Damaged files are read or refused, never anything else. The long run is a program:
/// <c>dotnet run -c Release --project bench/Moiety.Fuzz -- --count 100000</c>.
/// </summary>
public class FuzzTests
{
    private const int FilesForTarget = 500;

    [Theory]
    [InlineData("gguf")]
    [InlineData("safetensors")]
    [InlineData("pytorch")]
    [InlineData("quantized")]
    [InlineData("deepspeed")]
    [InlineData("gguf-split")]
    [InlineData("json")]
    [InlineData("llama2c")]
    [InlineData("template")]
    public void Damaged_files_are_read_or_refused_cleanly(string reader)
    {
        using TemporaryFolder folder = new();
        foreach (FuzzTarget target in FuzzTargets.Create().Where(target => target.Reader == reader))
        {
            FuzzReport report = Fuzzer.Run(target, FilesForTarget, seed: 2026, folder.Path);
            Assert.Empty(report.Failures);

            // Both happen, so the damage is neither ignored nor total.
            Assert.True(report.Refused > 0 && report.Accepted > 0, $"{target.Name}: {report.Accepted} read, {report.Refused} refused.");
        }
    }
}
