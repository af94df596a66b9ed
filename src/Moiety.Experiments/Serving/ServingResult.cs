using System.Collections.Immutable;
using System.Text.Json;
using Moiety.Models;
using Moiety.Models.Checkpoints;

namespace Moiety.Experiments.Serving;

/// <summary>What a machine measured.</summary>
/// <param name="Threads">Threads of the engine.</param>
/// <param name="Bandwidth">Bytes per second that those threads read from memory.</param>
/// <param name="Measurements">Models by batches.</param>
public sealed record ServingResult(int Threads, double Bandwidth, ImmutableArray<ServingMeasurement> Measurements)
{
    private const string FileName = "serving.json";

    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, IgnoreReadOnlyProperties = true, WriteIndented = true };

    /// <summary>Writes <c>serving.json</c>.</summary>
    /// <param name="folder">The folder of the experiment.</param>
    /// <exception cref="InvalidInputException">The file cannot be written.</exception>
    public void Write(string folder) => AtomicFile.Write(Path.Combine(folder, FileName), 0, stream => JsonSerializer.Serialize(stream, this, Options));

    /// <summary>Reads it, or gives null where nothing has been measured.</summary>
    /// <param name="folder">The folder of the experiment.</param>
    /// <exception cref="InvalidInputException">The file is damaged.</exception>
    public static ServingResult? Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<ServingResult>(File.ReadAllText(path), Options) : null;
        }
        catch (JsonException error)
        {
            throw new InvalidInputException($"{path}: not a measurement of serving: {error.Message} Delete it to measure again.", error);
        }
    }
}
