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
        Description = "A model, a folder with the files of a tokenizer, or such a file (tokenizer.json, tokenizer.model, vocab.txt, …) [default: the embedded model]",
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
        if (IsTokenizer(path))
        {
            tokenizer = Checkpoint.OpenTokenizer(path);
            return null;
        }

        Checkpoint checkpoint;
        try
        {
            checkpoint = Checkpoint.Open(path);
        }
        catch (InvalidCheckpointException) when (path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
        {
            // A vocabulary alone has no tensors, and a model that cannot be run may still carry a known tokenizer.
            tokenizer = Checkpoint.OpenTokenizer(path);
            return null;
        }

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

    private static bool IsTokenizer(string path) => Directory.Exists(path)
        ? !File.Exists(Path.Combine(path, "config.json"))
        : Path.GetExtension(path).ToLowerInvariant() is ".json" or ".model" or ".txt" or ".tiktoken" || Path.GetFileName(path) == "tokenizer.bin";
}
