using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Moiety.Data;

/// <summary>Writes documents as JSON lines; fields that are empty or null are left out.</summary>
internal sealed class DocumentWriter : IDisposable
{
    private readonly IBufferWriter<byte> _output;
    private readonly Utf8JsonWriter _json;

    internal DocumentWriter(IBufferWriter<byte> output)
    {
        _output = output;
        _json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
    }

    public void Dispose() => _json.Dispose();

    internal void WriteJsonLine(StoryDocument document)
    {
        _json.Reset(_output);
        _json.WriteStartObject();
        _json.WriteString("id"u8, document.Id);
        _json.WriteString("kind"u8, document.Kind);
        _json.WriteString("text"u8, document.Text);
        _json.WriteString("register"u8, document.Register);
        _json.WriteString("language"u8, document.Language);
        WriteArray("groups", document.Groups, WriteGroup);
        WriteArray("events", document.Events, WriteEvent);
        WriteArray("questions", document.Questions, WriteQuestion);
        WriteArray("translations", document.Translations, WriteTranslation);
        _json.WriteEndObject();
        _json.Flush();
        _output.Write("\n"u8);
    }

    private void WriteArray<T>(string name, IReadOnlyList<T> items, Action<T> write)
    {
        if (items.Count == 0)
        {
            return;
        }

        _json.WriteStartArray(name);
        foreach (T item in items)
        {
            _json.WriteStartObject();
            write(item);
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
    }

    private void WriteGroup(StoryGroup group)
    {
        _json.WriteString("person"u8, group.Person);
        _json.WriteString("group"u8, group.Group);
        _json.WriteString("axis"u8, group.Axis);
        _json.WriteString("trait"u8, group.Trait);
    }

    private void WriteEvent(StoryEvent happened)
    {
        _json.WriteString("kind"u8, happened.Kind);
        WriteOptional("actor"u8, happened.Actor);
        WriteOptional("other"u8, happened.Other);
        WriteOptional("item"u8, happened.Item);
        WriteOptional("second_item"u8, happened.SecondItem);
        WriteOptional("place"u8, happened.Place);
        WriteOptional("amount"u8, happened.Amount);
        WriteOptional("rest"u8, happened.Rest);
        WriteOptional("detail"u8, happened.Detail);
        WriteOptional("cause"u8, happened.Cause);
    }

    private void WriteQuestion(StoryQuestion question)
    {
        _json.WriteString("question"u8, question.Question);
        _json.WriteString("answer"u8, question.Answer);
        _json.WriteString("kind"u8, question.Kind);
        _json.WriteStartArray("choices"u8);
        foreach (string choice in question.Choices)
        {
            _json.WriteStringValue(choice);
        }

        _json.WriteEndArray();
    }

    private void WriteTranslation(StoryTranslation translation)
    {
        _json.WriteString("language"u8, translation.Language);
        _json.WriteString("english"u8, translation.English);
        _json.WriteString("text"u8, translation.Text);
        _json.WriteNumber("event"u8, translation.Event);
    }

    private void WriteOptional(ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            _json.WriteString(name, value);
        }
    }

    private void WriteOptional(ReadOnlySpan<byte> name, int? value)
    {
        if (value is not null)
        {
            _json.WriteNumber(name, value.Value);
        }
    }
}
