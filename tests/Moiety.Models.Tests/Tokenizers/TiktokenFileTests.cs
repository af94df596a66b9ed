using System.Text;
using CsCheck;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Tests.Tokenizers;

public class TiktokenFileTests
{
    public static TheoryData<string> Names => ["gpt2", "cl100k_base", "o200k_base"];

    // Microsoft's library follows .NET, whose \p{L} does not see past the Basic Multilingual Plane and whose (?i:s) does not take a long s.
    [Theory]
    [MemberData(nameof(Names))]
    public void Ids_are_those_of_Microsofts_library(string name)
    {
        ByteLevelBpeTokenizer tokenizer = OpenAiVocabularies.Read(name);
        Microsoft.ML.Tokenizers.TiktokenTokenizer oracle = OpenAiVocabularies.Microsoft(name);
        Texts.Any.Where(text => !text.Any(char.IsSurrogate) && !text.Contains("ſ", StringComparison.Ordinal) && !text.Contains("<|", StringComparison.Ordinal)).Sample(
            text => Assert.Equal(oracle.EncodeToIds(text), tokenizer.Encode(text)), iter: Texts.Count, threads: 1);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Ids_are_those_of_Hugging_Faces_library_given_what_we_write(string name)
    {
        ByteLevelBpeTokenizer tokenizer = OpenAiVocabularies.Read(name);
        HuggingFaceTokenizer oracle = new(TokenizerJson.Write(tokenizer));
        Texts.Any.Sample(text => Assert.Equal(oracle.Encode(text), tokenizer.Encode(text, parseSpecialTokens: true)), iter: Texts.Count, threads: 1);
    }

    [Theory]
    [InlineData("x", "o200k_base.tiktoken", "line 1", "Base64, a space and a rank")]
    [InlineData("IQ== 0\nIQ== 1", "o200k_base.tiktoken", "rank 1", "there twice")]
    [InlineData("IQ== 0\nIg== 0", "o200k_base.tiktoken", "line 2", "there twice")]
    [InlineData("!!! 0", "o200k_base.tiktoken", "line 1", "not Base64")]
    [InlineData("IQ== 99999999", "o200k_base.tiktoken", "line 1", "and a rank")]
    [InlineData("IQ== 0", "other.tiktoken", "name", "none of: r50k_base.tiktoken")]
    [InlineData("", "qwen.tiktoken", "file", "empty")]
    public void Errors_name_the_place_and_the_reason(string contents, string path, string field, string reason)
    {
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => TiktokenFile.Read(Encoding.UTF8.GetBytes(contents), path));
        Assert.Equal(field, error.Field);
        Assert.Contains(reason, error.Message);
    }
}
