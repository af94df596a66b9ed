using System.Buffers;
using System.Text.Json;
using Moiety.LlamaCpp;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;
using Moiety.Parity.Tests.Models;

namespace Moiety.Parity.Tests;

/// <summary>
/// llama.cpp gives random texts the ids that the tokenizer of the same GGUF file gives them here. <c>MOIETY_TOKENIZER_TEXTS</c> says how
/// many texts.
/// </summary>
public class TokenizerParityTests
{
    private static readonly string Fixtures = Path.Combine(Repository.Root, "tests", "fixtures", "tokenizers");

    // Tokens of Phi-3 take the spaces after them; for llama.cpp only those of ASCII are spaces.
    private static readonly SearchValues<char> UnusualSpaces = SearchValues.Create("\u0085\u00a0\u2028\u3000");

    [Theory]
    [InlineData("llama-spm")]
    [InlineData("phi-3")]
    public void SentencePiece_vocabularies(string name)
    {
        string path = SharedData.Require($"llamacpp-vocab/ggml-vocab-{name}.gguf");
        using LlamaCppModel model = new(LlamaCppOracle.Require(), path, vocabularyOnly: true);
        Compare(model, Checkpoint.OpenTokenizer(path), RandomTexts.Create(seed: 5).Where(text => name != "phi-3" || !text.AsSpan().ContainsAny(UnusualSpaces)));
    }

    [Fact]
    public void BERTs_vocabulary()
    {
        string path = SharedData.Require("llamacpp-vocab/ggml-vocab-bert-bge.gguf");
        using LlamaCppModel model = new(LlamaCppOracle.Require(), path, vocabularyOnly: true);
        Compare(model, Checkpoint.OpenTokenizer(path), RandomTexts.Create(seed: 6).Where(IsOrdinary));
    }

    [Fact]
    public void A_Unigram_model_written_as_GGUF()
    {
        Tokenizer tokenizer = Checkpoint.OpenTokenizer(Path.Combine(Fixtures, "unigram-rules.model"));
        using TemporaryFolder folder = new();
        string path = Write(tokenizer, folder);
        using LlamaCppModel model = new(LlamaCppOracle.Require(), path, vocabularyOnly: true);
        Compare(model, Checkpoint.OpenTokenizer(path), RandomTexts.Create(seed: 7));
    }

    [Fact]
    public void A_byte_pair_model_written_as_GGUF()
    {
        Tokenizer tokenizer = Checkpoint.OpenTokenizer(Path.Combine(Fixtures, "bpe-bytes.model"));
        using TemporaryFolder folder = new();
        string path = Write(tokenizer, folder);
        using LlamaCppModel model = new(LlamaCppOracle.Require(), path, vocabularyOnly: true);
        Compare(model, Checkpoint.OpenTokenizer(path), RandomTexts.Create(seed: 8));
    }

    private static string Write(Tokenizer tokenizer, TemporaryFolder folder)
    {
        ModelConfig config = Shapes.All["llama, heads of 64, tied head"] with
        {
            VocabularySize = tokenizer.VocabularySize,
            BosTokenId = tokenizer.BosTokenId,
            EosTokenIds = tokenizer.EosTokenIds,
        };
        using RandomCheckpoint weights = new(config, 1);
        GgufWriter.Write(folder["model.gguf"], config, TensorSource.From(weights), tokenizer);
        return folder["model.gguf"];
    }

    private static void Compare(LlamaCppModel model, Tokenizer tokenizer, IEnumerable<string> texts)
    {
        foreach (string text in texts)
        {
            foreach (bool special in (ReadOnlySpan<bool>)[false, true])
            {
                int[] ids = model.Tokenize(text, addSpecial: special, parseSpecial: special);
                int[] own = tokenizer.Encode(text, addSpecialTokens: special, parseSpecialTokens: special);
                Assert.True(ids.AsSpan().SequenceEqual(own), $"{JsonSerializer.Serialize(text)}: {string.Join(' ', ids)} | {string.Join(' ', own)}");
            }
        }
    }

    // llama.cpp keeps accents that stand apart, takes U+2581 for the start of a word, does not take Hangul apart, and its Unicode is of another age for rare characters: BERT's
    // own rules hold there.
    private static bool IsOrdinary(string text) => text.EnumerateRunes().All(rune => rune.Value is (< 0x7F and (>= 0x20 or '\n' or '\t')) or (> 0xA0 and < 0x300 and not 0xAD) or (>= 0x400 and < 0x460) or (>= 0x3041 and < 0x3097)
        or (>= 0x4E00 and < 0x9FA6) or '—' or '«' or '。' or '！' or '’');
}
