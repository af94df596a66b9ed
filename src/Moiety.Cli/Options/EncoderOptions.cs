using System.CommandLine;
using Moiety.Cli.Shell;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Models;

namespace Moiety.Cli.Options;

/// <summary>Which encoder, and the texts for it; the same for every verb that runs one.</summary>
internal sealed class EncoderOptions
{
    private readonly Argument<string> _model = new("model") { Description = "A Hugging Face folder, a GGUF file or a model that was pulled (owner/name)" };

    private readonly Option<string?> _lines = new("--lines", "-f")
    {
        Description = "Read texts from a UTF-8 file, one per line; - reads standard input",
        HelpName = "FILE",
    };

    private readonly Option<int> _threads = new("--threads", "-t")
    {
        Description = "Threads that compute; results do not depend on it [default: one per processor]",
        HelpName = "N",
    };

    /// <summary>Adds the argument and the options to a verb; texts come after them.</summary>
    public void AddTo(Command command)
    {
        command.Add(_model);
        command.Add(_lines);
        command.Add(_threads);
    }

    /// <summary>Opens the model and builds its engine. Nothing is kept between steps, so keys and values stay in single precision.</summary>
    /// <exception cref="InvalidInputException">The model cannot be opened, or an option is out of range.</exception>
    public OpenedModel Open(ParseResult parsed)
    {
        int threads = parsed.GetValue(_threads);
        return threads is < 0 or > 1024
            ? throw new InvalidInputException($"--threads must be from 1 to 1024, not {threads}.")
            : OpenedModel.Open(ModelPath.Resolve(parsed.GetRequiredValue(_model)), new EngineOptions { Threads = threads, KeyValueFormat = KeyValueFormat.F32 });
    }

    /// <summary>The lines of the file that was given, without empty ones; null when none was given.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="terminal">Where standard input comes from.</param>
    /// <param name="hasText">Whether the command line itself has a text, which excludes a file.</param>
    /// <exception cref="InvalidInputException">Both or neither were given, or the file is absent, empty or not UTF-8.</exception>
    public string[]? ReadLines(ParseResult parsed, Terminal terminal, bool hasText)
    {
        string? file = parsed.GetValue(_lines);
        if (file is not null == hasText)
        {
            throw new InvalidInputException("give either a text or --lines.");
        }

        if (file is null)
        {
            return null;
        }

        string[] lines = StrictText.Read(file, terminal).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length > 0 ? lines : throw new InvalidInputException($"{file}: there is no text in it.");
    }
}
