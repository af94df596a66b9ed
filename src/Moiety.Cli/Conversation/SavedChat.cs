using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Moiety.Decoding.Chat;
using Moiety.Models;
using Moiety.Models.Checkpoints;

namespace Moiety.Cli.Conversation;

/// <summary>A conversation as a file: JSON with OpenAI's messages, so that other tools read it.</summary>
internal static class SavedChat
{
    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a conversation, atomically.</summary>
    /// <exception cref="InvalidInputException">The file cannot be written.</exception>
    public static void Write(string path, string? system, IEnumerable<ChatTurn> turns)
    {
        List<Message> messages = system is null ? [] : [new("system", system)];
        foreach (ChatTurn turn in turns)
        {
            messages.Add(new Message("user", turn.Message));
            messages.Add(new Message("assistant", turn.Answer ?? ""));
        }

        byte[] json = JsonSerializer.SerializeToUtf8Bytes(new Conversation(messages), Options);
        AtomicFile.Write(path, json.Length + 1, stream =>
        {
            stream.Write(json);
            stream.WriteByte((byte)'\n');
        });
    }

    /// <summary>Reads a conversation.</summary>
    /// <exception cref="InvalidInputException">There is no such file, or it holds something else.</exception>
    public static (string? System, IReadOnlyList<ChatTurn> Turns) Read(string path)
    {
        List<Message> messages;
        try
        {
            messages = JsonSerializer.Deserialize<Conversation>(File.ReadAllBytes(path), Options)?.Messages ?? [];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new InvalidInputException($"{path}: no conversation can be read from it: {error.Message}", error);
        }

        string? system = messages is [{ Role: "system" } first, ..] ? first.Content : null;
        Message[] rest = [.. messages.Skip(system is null ? 0 : 1)];
        List<ChatTurn> turns = [];
        for (int index = 0; index < rest.Length; index += 2)
        {
            if (rest[index] is not { Role: "user", Content: { Length: > 0 } message } || index + 1 >= rest.Length || rest[index + 1] is not { Role: "assistant", Content: { } answer })
            {
                throw new InvalidInputException($"{path}: message {index + (system is null ? 1 : 2)}: a message of the user and an answer of the assistant are expected in turn.");
            }

            turns.Add(new ChatTurn(message, answer));
        }

        return (system, turns);
    }

    private sealed record Conversation([property: JsonPropertyName("messages")] List<Message> Messages);

    private sealed record Message([property: JsonPropertyName("role")] string? Role, [property: JsonPropertyName("content")] string? Content);
}
