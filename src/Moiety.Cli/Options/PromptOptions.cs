using System.CommandLine;
using Moiety.Cli.Shell;
using Moiety.Models;

namespace Moiety.Cli.Options;

/// <summary>Where a prompt comes from: the command line, a file or standard input.</summary>
/// <param name="description">What the text is for.</param>
/// <param name="name">What the help calls the text.</param>
internal sealed class PromptOptions(string description = "The text to go on from; - reads standard input; nothing starts a new text", string name = "prompt")
{
    private readonly Argument<string?> _prompt = new(name)
    {
        Description = description,
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _file = new("--prompt-file", "-f")
    {
        Description = $"Read the {name} from a UTF-8 text file; - reads standard input",
        HelpName = "FILE",
    };

    /// <summary>Adds the argument and the option to a verb.</summary>
    public void AddTo(Command command)
    {
        command.Add(_prompt);
        command.Add(_file);
    }

    /// <summary>Reads the prompt; empty when none was given.</summary>
    /// <exception cref="InvalidInputException">Two prompts were given, the file is absent, or the text is not UTF-8.</exception>
    public string Read(ParseResult parsed, Terminal terminal)
    {
        string? prompt = parsed.GetValue(_prompt);
        string? file = parsed.GetValue(_file);
        if (prompt is not null && file is not null)
        {
            throw new InvalidInputException($"a {name} and --prompt-file contradict each other: give the text in one way only.");
        }

        return file is not null ? StrictText.Read(file, terminal)
            : prompt == "-" ? StrictText.Read(prompt, terminal)
            : prompt ?? "";
    }
}
