using System.CommandLine;
using Moiety.Cli.Displays;
using Moiety.Cli.Shell;
using Moiety.Data.Corpora;
using Moiety.Evaluation.Quantization;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Quantization;

namespace Moiety.Cli.Options;

/// <summary>The text by which a quantizer learns which weights matter; the same for every verb that quantizes.</summary>
internal sealed class CalibrationOptions
{
    private const int StandardDocuments = 200;

    private readonly Option<string?> _text = new("--calibrate")
    {
        Description = "Read this text with the model first and round weights by how much they matter for it: a .txt or .jsonl file, a folder of them, or a pattern",
        HelpName = "CORPUS",
    };

    private readonly Option<int?> _documents = new("--calibration-documents")
    {
        Description = $"Read only the first N documents of it [default: {StandardDocuments}]",
        HelpName = "N",
    };

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command command)
    {
        command.Add(_text);
        command.Add(_documents);
    }

    /// <summary>Measures what matters, or gives null when no text was named.</summary>
    /// <exception cref="InvalidInputException">The text cannot be read or is empty, or the model carries no tokenizer.</exception>
    public ImportanceMatrix? Measure(ParseResult parsed, Checkpoint checkpoint, Terminal terminal)
    {
        int? wanted = parsed.GetValue(_documents);
        if (parsed.GetValue(_text) is not { } path)
        {
            return wanted is null ? null : throw new InvalidInputException("--calibration-documents goes with --calibrate, which is missing.");
        }

        int documents = wanted ?? StandardDocuments;
        if (documents < 1)
        {
            throw new InvalidInputException($"--calibration-documents must be at least 1, not {documents}.");
        }

        Corpus corpus = Corpus.Open(path);
        using ProgressLine<long> progress = new(terminal, tokens => $"calibrating: {tokens:#,0} tokens read");
        return Calibration.Measure(checkpoint, corpus.ReadTexts(terminal.Stop).Take(documents), progress: progress, cancellationToken: terminal.Stop);
    }
}
