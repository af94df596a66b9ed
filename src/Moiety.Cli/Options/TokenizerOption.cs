using System.CommandLine;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers;

namespace Moiety.Cli.Options;

/// <summary>Whose tokenizer: a model's, or a folder's with nothing but a tokenizer.</summary>
internal sealed class TokenizerOption
{
    private readonly Option<string?> _model = new("--model", "-m")
    {
        Description = "A model, or a folder with the files of a tokenizer [default: the embedded model]",
        HelpName = "PATH",
    };

    /// <summary>Adds the option to a verb.</summary>
    public void AddTo(Command command) => command.Add(_model);

    /// <summary>Opens the tokenizer.</summary>
    /// <returns>The model that it belongs to, which keeps it alive, or null when it stands alone.</returns>
    /// <exception cref="InvalidInputException">There is none.</exception>
    public Checkpoint? Open(ParseResult parsed, out Tokenizer tokenizer)
    {
        string path = ModelPath.Resolve(parsed.GetValue(_model));
        if (Directory.Exists(path) && !File.Exists(Path.Combine(path, "config.json")))
        {
            tokenizer = Checkpoint.OpenTokenizer(path);
            return null;
        }

        Checkpoint checkpoint = Checkpoint.Open(path);
        try
        {
            tokenizer = OpenedModel.RequireTokenizer(checkpoint);
            return checkpoint;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }
}
