using Moiety.Models.Tokenizers;

namespace Moiety.Models.Tests.Tokenizers;

public class GgufTokenizerTests
{
    [Theory]
    [InlineData("gpt-2")]
    [InlineData("llama-spm")]
    [InlineData("phi-3")]
    [InlineData("deepseek-coder")]
    [InlineData("falcon")]
    public void Vocabulary_files_give_the_ids_of_llama_cpp(string name)
    {
        Tokenizer tokenizer = GgufTokenizer.Create(VocabularyFile.Load(name));
        foreach ((string text, int[] ids) in PublicTokenizers.LlamaCppCases(name))
        {
            Assert.Equal(ids, tokenizer.Encode(text, addSpecialTokens: false));
            Assert.Equal(text, tokenizer.Decode(ids));
        }
    }

    [Theory]
    [InlineData("gpt-2")]
    [InlineData("llama-spm")]
    [InlineData("phi-3")]
    [InlineData("deepseek-coder")]
    [InlineData("falcon")]
    public void Going_to_a_Hugging_Face_folder_and_back_changes_no_id(string name)
    {
        Tokenizer fromGguf = GgufTokenizer.Create(VocabularyFile.Load(name));
        Tokenizer fromJson = TokenizerJson.Read(TokenizerJson.Write(fromGguf), null, "tokenizer.json");
        Tokenizer again = GgufTokenizer.Create(GgufTokenizer.ToGguf(fromJson));
        Assert.Equal(fromGguf.VocabularySize, again.VocabularySize);
        foreach ((string text, int[] ids) in PublicTokenizers.LlamaCppCases(name))
        {
            Assert.Equal(ids, fromJson.Encode(text, addSpecialTokens: false));
            Assert.Equal(ids, again.Encode(text, addSpecialTokens: false));
            Assert.Equal(text, fromJson.Decode(ids));
            Assert.Equal(text, again.Decode(ids));
        }
    }
}
