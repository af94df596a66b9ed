using Moiety.Models.Tokenizers;

namespace Moiety.Models.Tests.Tokenizers;

public class SentencePieceBpeTokenizerTests
{
    [Fact]
    public void Llama2_gives_the_ids_of_llama_cpp_from_the_file_of_llama2_c()
    {
        Tokenizer tokenizer = Llama2CTokenizer.ReadFile(SharedData.Require("llama2-tokenizer/tokenizer.bin"));
        foreach ((string text, int[] ids) in PublicTokenizers.LlamaCppCases("llama-spm"))
        {
            Assert.Equal(ids, tokenizer.Encode(text, addSpecialTokens: false));
            Assert.Equal(text, tokenizer.Decode(ids));
        }
    }

    [Fact]
    public void Llama2_gives_the_ids_of_Hugging_Face()
    {
        Tokenizer tokenizer = Llama2CTokenizer.ReadFile(SharedData.Require("llama2-tokenizer/tokenizer.bin"));
        foreach ((string text, int[] ids) in PublicTokenizers.HuggingFaceCases("coreml-projects/Llama-2-7b-chat-coreml"))
        {
            Assert.Equal(ids, tokenizer.Encode(text, parseSpecialTokens: true));
        }
    }
}
