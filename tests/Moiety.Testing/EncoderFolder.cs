using System.Text;

namespace Moiety.Testing;

/// <summary>The checkpoint of a <see cref="TransformersFixture"/> with a WordPiece vocabulary of its 64 tokens, as a folder of its own.</summary>
public sealed class EncoderFolder : IDisposable
{
    private static readonly string[] Words =
    [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "a", "cat", "dog", "kite", "red", "blue", "sat", "ran", "on", "mat", "##s", "##ning",
        "run", "it", "was", "good", "bad", "not", ".", ",", "?", "!", "who", "wrote", "m", "##a", "##t",
    ];

    private readonly TemporaryFolder _folder = new();

    /// <param name="fixture">Name of the fixture.</param>
    /// <param name="files">More files: name and content.</param>
    public EncoderFolder(string fixture, params (string Name, string Content)[] files)
    {
        string source = TransformersFixture.Open(fixture).Path;
        foreach (string name in (string[])["config.json", "model.safetensors"])
        {
            _folder.Write(name, File.ReadAllBytes(System.IO.Path.Combine(source, name)));
        }

        string[] vocabulary = [.. Words, .. Enumerable.Range(Words.Length, 64 - Words.Length).Select(id => $"word{id}")];
        _folder.Write("vocab.txt", Encoding.UTF8.GetBytes(string.Join('\n', vocabulary) + "\n"));
        foreach ((string name, string content) in files)
        {
            _folder.Write(name, Encoding.UTF8.GetBytes(content));
        }
    }

    /// <summary>The folder.</summary>
    public string Path => _folder.Path;

    /// <summary>The id of a token.</summary>
    public static int Id(string token) => Array.IndexOf(Words, token);

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();
}
