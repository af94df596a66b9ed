using CsCheck;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Tests.Tokenizers;

public class TokenizerJsonTests
{
    [Fact]
    public void What_is_written_reads_back_as_the_same_tokenizer()
    {
        string[] corpus = ["the cat sat on the mat", "a cat, a hat; don't! 123\n\nthe end"];
        ByteLevelBpeTokenizer trained = BpeTrainer.Train(corpus, new BpeTrainerOptions { VocabularySize = 290 });
        string folder = Directory.CreateTempSubdirectory("moiety").FullName;
        TokenizerJson.WriteFolder(trained, folder);
        ByteLevelBpeTokenizer read = Assert.IsType<ByteLevelBpeTokenizer>(TokenizerJson.ReadFolder(folder));
        Assert.Equal(TokenizerJson.Write(trained), TokenizerJson.Write(read));
        Assert.Equal(trained.Merges, read.Merges);
        Assert.Equal(0, read.BosTokenId);
        Assert.Equal([0], read.EosTokenIds);
        Assert.Equal(trained.Encode(corpus[1]), read.Encode(corpus[1]));
        Assert.Equal(0, read.Encode(corpus[1])[0]);
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("gpt-2", false)]
    [InlineData("llama-bpe", true)]
    [InlineData("qwen2", false)]
    [InlineData("starcoder", false)]
    [InlineData("deepseek-coder", false)]
    public void Hugging_Faces_library_reads_what_is_written_and_gives_the_same_ids(string preTokenizer, bool ignoreMerges)
    {
        ByteLevelBpeTokenizer trained = BpeTrainer.Train(
            ["the cat's hat ing ing ing déjà 학습 123 the the\n\n  ing"], new BpeTrainerOptions { VocabularySize = 300 });
        ByteLevelBpeTokenizer tokenizer = new(
            [.. Enumerable.Range(0, trained.VocabularySize).Select(trained.GetPiece), "Ġunmergeable", "<extra>"],
            trained.Merges,
            new ByteLevelBpeOptions
            {
                PreTokenizers = PreTokenizerNames.Find(preTokenizer)!.Stages,
                IgnoreMerges = ignoreMerges,
                AddedTokens =
                [
                    .. trained.AddedTokens,
                    new AddedToken { Id = trained.VocabularySize + 1, Content = "<extra>", LeftStrip = true, RightStrip = true },
                ],
                Prefix = [0],
                Suffix = [trained.VocabularySize + 1],
            });
        HuggingFaceTokenizer oracle = new(TokenizerJson.Write(tokenizer));
        Gen<string> texts = Gen.OneOf(Texts.Any, Texts.From(10, " unmergeable", "<extra>", " ", "\n", "the", "<|endoftext|>"));
        texts.Where(text => text.Length > 0).Sample(
            text => Assert.Equal(oracle.Encode(text), tokenizer.Encode(text, parseSpecialTokens: true)), iter: 2000, threads: 1);
    }
}
