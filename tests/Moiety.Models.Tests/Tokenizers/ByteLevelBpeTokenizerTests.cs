using Moiety.Models.Tokenizers;

namespace Moiety.Models.Tests.Tokenizers;

public class ByteLevelBpeTokenizerTests
{
    [Fact]
    public void Gpt2_gives_the_ids_of_Hugging_Face()
    {
        Tokenizer tokenizer = PublicTokenizers.Gpt2();
        foreach ((string text, int[] ids) in PublicTokenizers.HuggingFaceCases("distilgpt2"))
        {
            Assert.Equal(ids, tokenizer.Encode(text, parseSpecialTokens: true));
            Assert.Equal(text, tokenizer.Decode(ids));
        }
    }

    [Fact]
    public void Gpt2_gives_the_ids_of_llama_cpp()
    {
        Tokenizer tokenizer = PublicTokenizers.Gpt2();
        foreach ((string text, int[] ids) in PublicTokenizers.LlamaCppCases("gpt-2"))
        {
            Assert.Equal(ids, tokenizer.Encode(text));
        }
    }
}
