using System.Text;
using CsCheck;
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

    [Fact]
    public void Hugging_Faces_library_reads_the_written_Llama2_alike()
    {
        Tokenizer tokenizer = GgufTokenizer.Create(VocabularyFile.Load("llama-spm"));
        HuggingFaceTokenizer oracle = new(TokenizerJson.Write(tokenizer));
        Texts.Any.Sample(
            text =>
            {
                int[] ids = tokenizer.Encode(text, parseSpecialTokens: true);
                Assert.Equal(oracle.Encode(text), text.Length == 0 ? [] : ids);
            },
            iter: 500,
            threads: 1);
    }

    [Theory]
    [InlineData("synthetic")]
    [InlineData("stories260k/tokenizer.bin")]
    [InlineData("llama2-tokenizer/tokenizer.bin")]
    public void Ids_and_bytes_are_those_of_llama2_c(string file)
    {
        byte[] contents = file == "synthetic" ? SyntheticFiles.Llama2C() : File.ReadAllBytes(SharedData.Require(file));
        Llama2CReference reference = new(contents);
        Tokenizer tokenizer = Llama2CTokenizer.Read(contents, file);
        Gen<byte[]> texts = Gen.OneOf(
            Texts.Any.Select(Encoding.UTF8.GetBytes),
            Texts.From(150, "a", "b", "c", "d", " ", "é", "aa", "▁", "<s>", "b c").Select(Encoding.UTF8.GetBytes));
        texts.Sample(
            text =>
            {
                List<int> ids = reference.Encode(text);
                Assert.Equal(ids, tokenizer.EncodeBytes(text));
                Assert.Equal(reference.Decode(ids), tokenizer.DecodeBytes([.. ids]));
                Assert.Equal(text, tokenizer.DecodeBytes([.. ids]));
            },
            iter: 300);
    }

    [Fact]
    public void Every_byte_string_comes_back()
    {
        Tokenizer tokenizer = Llama2CTokenizer.Read(SyntheticFiles.Llama2C(), "tokenizer.bin");
        Gen.Byte.Array[0, 100].Sample(bytes => Assert.Equal(bytes, tokenizer.DecodeBytes(tokenizer.EncodeBytes(bytes))));
    }

    [Fact]
    public void A_megabyte_without_a_space_comes_back()
    {
        Tokenizer tokenizer = Llama2CTokenizer.Read(SyntheticFiles.Llama2C(), "tokenizer.bin");
        string text = string.Concat(Enumerable.Repeat("abcd", 250_000));
        Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
    }
}
