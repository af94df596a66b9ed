using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using Moiety.Cli.Commands;
using Moiety.Cli.Shell;
using Moiety.Models;

namespace Moiety.Cli;

/// <summary>The <c>moiety</c> command: every verb is a file in Commands and a line here.</summary>
internal static class Program
{
    private static readonly Option<bool> Verbose = new("--verbose")
    {
        Description = "Show the full trace of an unexpected error",
        Recursive = true,
    };

    private static int Main(string[] arguments)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        using Terminal terminal = new();
        RootCommand root = CreateRoot(terminal);
        ParseResult parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction)
        {
            return Report(parsed, terminal);
        }

        if (MisspelledOption(parsed) is { } option)
        {
            terminal.Error.WriteLine($"error: there is no option {option} (a text that begins with - goes after --)");
            terminal.Error.WriteLine($"see: {PathOf(parsed.CommandResult)} --help");
            return ExitCodes.InvalidInput;
        }

        return Guard(() => Invoke(parsed, terminal), terminal, parsed.GetValue(Verbose));
    }

    private static RootCommand CreateRoot(Terminal terminal)
    {
        RootCommand root = new("Train, compress and run autoregressive language models, dense and Mixture-of-Experts.")
        {
            Verbose,
            GenerateCommand.Create(terminal),
            ChatCommand.Create(terminal),
            RunCommand.Create(terminal),
            PerplexityCommand.Create(terminal),
            EvaluateCommand.Create(terminal),
            LogitsCommand.Create(terminal),
            EmbedCommand.Create(terminal),
            ClassifyCommand.Create(terminal),
            PullCommand.Create(terminal),
            ListCommand.Create(terminal),
            RemoveCommand.Create(terminal),
            InspectCommand.Create(terminal),
            QuantizeCommand.Create(terminal),
            ConvertCommand.Create(terminal),
            MergeCommand.Create(terminal),
            BenchCommand.Create(terminal),
            PlanCommand.Create(terminal),
            DataCommand.Create(terminal),
            TokenizerCommand.Create(terminal),
            TrainCommand.Create(terminal),
            DistillCommand.Create(terminal),
            ExperimentCommand.Create(terminal),
            MoeCommand.Create(terminal),
        };
        foreach (HelpOption help in root.Options.OfType<HelpOption>())
        {
            help.Action = new ExamplesHelp((HelpAction)help.Action!);
        }

        return root;
    }

    // A command line that cannot be understood. A verb that needs another one after it shows what there is.
    private static int Report(ParseResult parsed, Terminal terminal)
    {
        Command command = parsed.CommandResult.Command;
        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens.Count == 0)
        {
            Invoke(command.Parse("--help"), terminal);
            return parsed.Tokens.Count == 0 ? ExitCodes.Success : ExitCodes.InvalidInput;
        }

        if (command.Subcommands.Count > 0)
        {
            string unknown = parsed.UnmatchedTokens[0];
            terminal.Error.WriteLine(unknown.StartsWith('-')
                ? $"error: there is no option {unknown} before a verb"
                : $"error: there is no verb \"{unknown}\"; there are: {string.Join(", ", command.Subcommands.Select(verb => verb.Name))}");
            terminal.Error.WriteLine($"see: {PathOf(parsed.CommandResult)} --help");
            return ExitCodes.InvalidInput;
        }

        foreach (ParseError error in parsed.Errors)
        {
            terminal.Error.WriteLine($"error: {ParseErrorText.Describe(error.Message)}");
        }

        terminal.Error.WriteLine($"see: {PathOf(parsed.CommandResult)} --help");
        return ExitCodes.InvalidInput;
    }

    // An unknown option would pass as the value of an argument: "moiety generate --gredy" is no prompt.
    private static string? MisspelledOption(ParseResult parsed) => parsed.Tokens.Any(token => token.Type == TokenType.DoubleDash)
        ? null
        : parsed.CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(argument => argument.Tokens)
            .Select(token => token.Value)
            .FirstOrDefault(value => value.Length > 1 && value[0] == '-' && value.TrimStart('-') is [>= 'a' and <= 'z', ..] && !value.Contains(' '));

    private static string PathOf(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{PathOf(parent)} {result.Command.Name}" : "moiety";

    private static int Invoke(ParseResult parsed, Terminal terminal) => parsed.Invoke(new InvocationConfiguration
    {
        EnableDefaultExceptionHandler = false,
        ProcessTerminationTimeout = null,
        Output = terminal.Out,
        Error = terminal.Error,
    });

    // The one place where exceptions become exit codes.
    private static int Guard(Func<int> work, Terminal terminal, bool verbose)
    {
        try
        {
            return work();
        }
        catch (OperationCanceledException) when (terminal.Stop.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
        catch (Exception exception) when (exception is InvalidInputException or IOException or UnauthorizedAccessException)
        {
            terminal.Error.WriteLine($"error: {exception.Message}");
            return Trace(exception, terminal, verbose, ExitCodes.InvalidInput);
        }
        catch (ArgumentException exception) when (exception.ParamName == "path")
        {
            // Path.GetFullPath and its like refuse an empty name.
            terminal.Error.WriteLine("error: the name of a file or folder is empty.");
            return Trace(exception, terminal, verbose, ExitCodes.InvalidInput);
        }
        catch (Exception exception)
        {
            terminal.Error.WriteLine($"error: something went wrong inside moiety ({exception.GetType().Name}: {exception.Message})");
            if (!verbose)
            {
                terminal.Error.WriteLine("run the command again with --verbose for the trace");
            }

            return Trace(exception, terminal, verbose, ExitCodes.Failure);
        }
    }

    private static int Trace(Exception exception, Terminal terminal, bool verbose, int code)
    {
        if (verbose)
        {
            terminal.Error.WriteLine(exception);
        }

        return code;
    }
}
