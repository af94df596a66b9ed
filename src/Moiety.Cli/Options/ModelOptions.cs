using System.CommandLine;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Models;
using Moiety.Models.Checkpoints;

namespace Moiety.Cli.Options;

/// <summary>Which model, and how it uses the machine; the same for every verb that runs one.</summary>
/// <param name="hasModel">Whether the model is an option; false for a verb that takes it as its argument.</param>
/// <param name="hasAdapter">Whether an adapter may be applied.</param>
internal sealed class ModelOptions(bool hasModel = true, bool hasAdapter = true)
{
    private readonly Option<string?> _model = new("--model", "-m")
    {
        Description = "A GGUF file, a Hugging Face folder, a model that was pulled (owner/name) or a llama2.c .bin file [default: the embedded model]",
        HelpName = "PATH",
    };

    private readonly Option<int> _threads = new("--threads", "-t")
    {
        Description = "Threads that compute; results do not depend on it [default: one per processor]",
        HelpName = "N",
    };

    private readonly Option<int?> _context = new("--context", "-c")
    {
        Description = "Longest sequence in tokens [default: the model's own]",
        HelpName = "N",
    };

    private readonly Option<KeyValueFormat> _keyValues = new("--kv-format")
    {
        Description = "Storage of keys and values: f32, f16 or q8_0",
        HelpName = "FORMAT",
        DefaultValueFactory = _ => KeyValueFormat.F16,
    };

    private readonly Option<string?> _adapter = new("--adapter")
    {
        Description = "Apply a low-rank adapter beside the model's weights: a PEFT folder or a GGUF file",
        HelpName = "PATH",
    };

    private readonly Option<bool> _verify = new("--verify")
    {
        Description = "Look through all weights for NaN and infinity first",
    };

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command command)
    {
        if (hasModel)
        {
            command.Add(_model);
        }

        command.Add(_threads);
        command.Add(_context);
        command.Add(_keyValues);
        if (hasAdapter)
        {
            command.Add(_adapter);
        }

        command.Add(_verify);
    }

    /// <summary>Opens the model and builds its engine.</summary>
    /// <exception cref="InvalidInputException">The model cannot be opened, is an encoder, or an option is out of range.</exception>
    public OpenedModel Open(ParseResult parsed) => Open(parsed, ModelPath.Resolve(parsed.GetValue(_model)));

    /// <summary>Opens a model that is not the option's and builds its engine.</summary>
    /// <exception cref="InvalidInputException">The model cannot be opened, is an encoder, or an option is out of range.</exception>
    public OpenedModel Open(ParseResult parsed, string path)
    {
        EngineOptions options = ReadEngineOptions(parsed);
        OpenedModel model = OpenedModel.Open(path, options, hasAdapter ? parsed.GetValue(_adapter) : null);
        if (model.Engine.Config.IsEncoder)
        {
            model.Dispose();
            throw new InvalidInputException(
                $"{path}: a model of the family \"{model.Engine.Config.Family}\" is an encoder and generates no text. Use moiety embed, or moiety classify where it has classes.");
        }

        return model;
    }

    /// <summary>Opens the model without an engine.</summary>
    /// <exception cref="InvalidInputException">The model cannot be opened.</exception>
    public Checkpoint OpenCheckpoint(ParseResult parsed) => Checkpoint.Open(ModelPath.Resolve(parsed.GetValue(_model)));

    /// <summary>Whether the user named a model.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_model) is not null;

    /// <summary>Whether the user named an adapter.</summary>
    public bool HasAdapter(ParseResult parsed) => AdapterOf(parsed) is not null;

    /// <summary>The adapter that the user named, or null.</summary>
    public string? AdapterOf(ParseResult parsed) => hasAdapter ? parsed.GetValue(_adapter) : null;

    /// <summary>Reads how the engine should use the machine.</summary>
    /// <exception cref="InvalidInputException">A number is out of range.</exception>
    public EngineOptions ReadEngineOptions(ParseResult parsed)
    {
        int threads = parsed.GetValue(_threads);
        if (threads is < 0 or > 1024)
        {
            throw new InvalidInputException($"--threads must be from 1 to 1024, not {threads}.");
        }

        int? context = parsed.GetValue(_context);
        if (context is < 1)
        {
            throw new InvalidInputException($"--context must be at least 1 token, not {context}.");
        }

        return new EngineOptions
        {
            Threads = threads,
            ContextLength = context,
            KeyValueFormat = parsed.GetValue(_keyValues),
            VerifyWeights = parsed.GetValue(_verify),
        };
    }
}
