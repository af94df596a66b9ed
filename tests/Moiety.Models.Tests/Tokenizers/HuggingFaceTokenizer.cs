using System.Runtime.InteropServices;

namespace Moiety.Models.Tests.Tokenizers;

/// <summary>The oracle: Hugging Face's own library, reading a <c>tokenizer.json</c>.</summary>
internal sealed class HuggingFaceTokenizer
{
    private readonly global::Tokenizers.DotNet.Tokenizer _tokenizer;

    public HuggingFaceTokenizer(byte[] json)
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64,
            "Hugging Face's library is referenced for Linux on x64 only.");
        string path = Path.GetTempFileName();
        File.WriteAllBytes(path, json);
        _tokenizer = new global::Tokenizers.DotNet.Tokenizer(vocabPath: path);
        File.Delete(path);
    }

    public int[] Encode(string text) => text.Length == 0 ? [] : [.. _tokenizer.Encode(text).Select(id => (int)id)];

    public string Decode(IEnumerable<int> ids) => _tokenizer.Decode([.. ids.Select(id => (uint)id)]);
}
