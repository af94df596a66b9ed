using System.Globalization;
using CsCheck;
using Moiety.LlamaCpp;
using Moiety.Models.Tokenizers;
using Moiety.Models.Tokenizers.PreTokenizers;

namespace Moiety.Parity.Tests;

/// <summary>
/// Every name of a pre-tokenizer in a GGUF file means to llama.cpp what it means to us. The vocabulary's merges cross all borders, so
/// that a word too long or too short shows. The long run: <c>MOIETY_TOKENIZER_TEXTS=100000</c>.
/// </summary>
public sealed class PreTokenizerParityTests : IDisposable
{
    // Where llama.cpp only comes close to the published expressions, or its C++ library's regular expressions fail: letters with a case beyond ASCII,
    // combining marks, a long s after an apostrophe, white space beyond ASCII.
    private static readonly string[] Common =
    [
        " ", "  ", "   ", "\n", "\r\n", "\n\n", "\t", "a", "the", " the", "Hello", " World", "ing", "X", "HTTPServer", "camelCase", "學習", "の", "한글",
        "0", "7", "12", "123", "2024", "1234567", "x2", "'s", "'S", "'t", "'re", "'LL", "'ve", "'d", "''", "'",
        ".", "!", "...", "?!", "(", ")", "{}", "$", "+", "<=", "^", "`", "~", "|", "#", "_", "-", "/", "://", "—", "«", "。", "！", "🚀",
    ];

    // Their published expressions begin a word at a capital after a small letter; llama.cpp's regular expressions do not see it.
    private static readonly string[] BlindToCase = ["youtu", "kimi-k2"];

    // Theirs look for the end of the word that digits belong to; llama.cpp's own function in place of them does not.
    private static readonly string[] BlindToWords = ["tiny_aya", "cohere2moe"];

    private static readonly int TextCount = int.Parse(Environment.GetEnvironmentVariable("MOIETY_TOKENIZER_TEXTS") ?? "300", CultureInfo.InvariantCulture);
    private static readonly Lazy<ByteLevelBpeTokenizer> Trained = new(Train);
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Names => [.. GgufTokenizer.PreTokenizerNames.Except(BlindToWords)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Ids_are_those_of_llama_cpp(string name)
    {
        LlamaCppLibrary library = LlamaCppOracle.Require();
        GgufTokenizerData data = new()
        {
            Model = "gpt2",
            Pre = name,
            Tokens = [.. Enumerable.Range(0, Trained.Value.VocabularySize).Select(Trained.Value.GetPiece)],
            TokenTypes = [.. Enumerable.Range(0, Trained.Value.VocabularySize).Select(id => id == 0 ? 3 : 1)],
            Merges = [.. Trained.Value.Merges.Select(merge => $"{Trained.Value.GetPiece(merge.Left)} {Trained.Value.GetPiece(merge.Right)}")],
            BosTokenId = 0,
            EosTokenId = 0,
        };
        using LlamaCppModel oracle = new(library, _folder.Write("vocabulary.gguf", VocabularyGguf.Write(data)), vocabularyOnly: true);
        Tokenizer tokenizer = GgufTokenizer.Create(data);
        string[] scraps = [.. Common.Where(scrap => !BlindToCase.Contains(name) || !scrap.Any(char.IsAsciiLetterUpper))];
        Texts(scraps).Sample(
            text => Assert.Equal(oracle.Tokenize(text, addSpecial: true), tokenizer.Encode(text)), iter: TextCount, threads: 1);
    }

    public void Dispose() => _folder.Dispose();

    private static Gen<string> Texts(string[] scraps) =>
        Gen.Int[0, scraps.Length - 1].Array[1, 16].Select(picks => string.Concat(picks.Select(pick => scraps[pick])));

    private static ByteLevelBpeTokenizer Train()
    {
        Random random = new(2026);
        string[] corpus = [.. Enumerable.Range(0, 4000).Select(_ => string.Concat(Enumerable.Range(0, 8).Select(_ => Common[random.Next(Common.Length)])))];
        return BpeTrainer.Train(corpus, new BpeTrainerOptions { VocabularySize = 3000, PreTokenizer = new PreTokenizerSequence([]) });
    }
}
