using System.Text.Json;
using Moiety.Models;

namespace Moiety.Data.Corpora;

/// <summary>
/// The questions of a story-world corpus (.jsonl), for measuring how often a model answers rightly: by what it
/// generates, or by which of the choices it finds most probable; guessing among the choices gives the chance level.
/// </summary>
public sealed class QuestionSet
{
    private readonly string _path;

    private QuestionSet(string path) => _path = path;

    /// <summary>Opens the questions of a .jsonl corpus.</summary>
    /// <exception cref="InvalidInputException">The file is absent or is not a .jsonl file.</exception>
    public static QuestionSet Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase) && File.Exists(path)
            ? new QuestionSet(path)
            : throw new InvalidInputException(!File.Exists(path) && !Directory.Exists(path) ? $"{path}: there is no such file." : $"{path}: questions are read from a .jsonl file written by `moiety data story-world`");
    }

    /// <summary>The questions in the order of the file; documents without questions are passed over.</summary>
    /// <exception cref="InvalidInputException">A malformed line or question, with file and line.</exception>
    public IEnumerable<EvaluationQuestion> Read(CancellationToken cancellationToken = default)
    {
        foreach ((JsonElement root, CorpusDocument document) in Corpus.ReadObjects(_path))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!root.TryGetProperty("questions", out JsonElement questions))
            {
                continue;
            }

            if (questions.ValueKind != JsonValueKind.Array)
            {
                throw Bad(document, "\"questions\" is not an array");
            }

            string id = Field(root, "id", document);
            foreach (JsonElement question in questions.EnumerateArray())
            {
                yield return ReadQuestion(question, id, document);
            }
        }
    }

    private static EvaluationQuestion ReadQuestion(JsonElement element, string id, CorpusDocument document)
    {
        string question = Field(element, "question", document);
        string answer = Field(element, "answer", document);
        string kind = Field(element, "kind", document);
        if (!element.TryGetProperty("choices", out JsonElement list) || list.ValueKind != JsonValueKind.Array)
        {
            throw Bad(document, $"the question \"{question}\" has no array \"choices\"");
        }

        List<string> choices = [];
        foreach (JsonElement choice in list.EnumerateArray())
        {
            choices.Add(choice.ValueKind == JsonValueKind.String
                ? Corpus.StringOf(choice, "choices", document.File, document.Line)
                : throw Bad(document, $"a choice of the question \"{question}\" is not a string"));
        }

        if (!choices.Contains(answer, StringComparer.Ordinal))
        {
            throw Bad(document, $"the choices of the question \"{question}\" do not hold its answer \"{answer}\"");
        }

        string asked = $"{question}\nAnswer:";
        int at = document.Text.IndexOf(asked, StringComparison.Ordinal);
        return at >= 0
            ? new EvaluationQuestion(id, kind, document.Text[..(at + asked.Length)], question, answer, choices)
            : throw Bad(document, $"the text does not ask the question \"{question}\" (as \"Question: …\", a line break, \"Answer:\")");
    }

    private static string Field(JsonElement element, string name, CorpusDocument document)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Bad(document, "a question is not an object");
        }

        return element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? Corpus.StringOf(value, name, document.File, document.Line)
            : throw Bad(document, $"the field \"{name}\" is absent or not a string");
    }

    private static InvalidInputException Bad(CorpusDocument document, string reason) =>
        new($"{document.File}, line {document.Line}: {reason}");
}
