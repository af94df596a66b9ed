using System.Text.Encodings.Web;
using System.Text.Json;
using Moiety.Models;
using Moiety.Models.Checkpoints;

namespace Moiety.Experiments.Running;

/// <summary>Results as JSON: one in the folder of its training, and all of an experiment as lines.</summary>
internal static class ResultFile
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes one result.</summary>
    internal static void Write(string path, ArmResult result) => WriteLines(path, [result]);

    /// <summary>Writes a line per result.</summary>
    internal static void WriteLines(string path, IEnumerable<ArmResult> results) => AtomicFile.Write(path, 0, stream =>
    {
        foreach (ArmResult result in results)
        {
            stream.Write(JsonSerializer.SerializeToUtf8Bytes(result, Options));
            stream.WriteByte((byte)'\n');
        }
    });

    /// <summary>Reads one result.</summary>
    /// <exception cref="InvalidInputException">The file is damaged.</exception>
    internal static ArmResult Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<ArmResult>(File.ReadAllText(path), Options) ?? throw new JsonException("null");
        }
        catch (JsonException error)
        {
            throw new InvalidInputException($"{path}: not the result of a training: {error.Message} Delete the folder to train again.", error);
        }
    }
}
