using System.Text;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers;
using Moiety.Models.Tokenizers.Decoders;
using Moiety.Models.Tokenizers.Normalizers;

namespace Moiety.Models.Tests.Tokenizers;

/// <summary>
/// Damaged and malicious files give a clean error or a tokenizer that works, never anything else. The long run is the program
/// <c>Moiety.Fuzz</c>.
/// </summary>
public class HostileTokenizerFileTests
{
    private const int FilesEach = 1500;
    private const string Probe = " the cat's\n\n abc 🚀 <s><|endoftext|> ▁ 123";

    [Fact]
    public void Mutated_byte_level_json() => Survive(
        TokenizerJson.Write(BpeTrainer.Train(["the cat the cat's hat 123"], new BpeTrainerOptions { VocabularySize = 270 })),
        file => TokenizerJson.Read(file, null, "tokenizer.json"));

    [Fact]
    public void Mutated_SentencePiece_json() => Survive(
        TokenizerJson.Write(Llama2CTokenizer.Read(SyntheticFiles.Llama2C(), "tokenizer.bin")),
        file => TokenizerJson.Read(file, null, "tokenizer.json"));

    [Fact]
    public void Mutated_tokenizer_config()
    {
        byte[] tokenizer = TokenizerJson.Write(BpeTrainer.Train([], new BpeTrainerOptions { VocabularySize = 257 }));
        byte[] config = """{"bos_token": {"content": "<|endoftext|>", "lstrip": false}, "eos_token": "<|endoftext|>", "add_bos_token": true}"""u8.ToArray();
        Survive(config, file => TokenizerJson.Read(tokenizer, file, "tokenizer.json"));
    }

    [Fact]
    public void Rules_that_double_a_text_again_and_again_are_refused()
    {
        SequenceNormalizer normalizer = new([.. Enumerable.Repeat(ReplaceNormalizer.OfText("a", "aa"), 60)]);
        Assert.Contains("times its length", Assert.Throws<InvalidInputException>(() => normalizer.Apply("a")).Message, StringComparison.Ordinal);
        SequenceDecoder decoder = new([.. Enumerable.Repeat(new ReplaceDecoder("a", "aa"), 60)]);
        WordPieceOptions options = new() { UnknownTokenId = 0, Decoder = decoder };
        Assert.Throws<InvalidInputException>(() => new WordPieceTokenizer(["[UNK]", "a"], options));

        // Every token for itself stays within bounds, all of them do not.
        decoder = new([new ReplaceDecoder("a", new string('b', 65_000))]);
        Assert.Contains("together", Assert.Throws<InvalidInputException>(() => new WordPieceTokenizer(
            ["[UNK]", .. Enumerable.Range(0, 4200).Select(index => "a")], options with { Decoder = decoder })).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Added_tokens_of_white_space_that_take_the_space_around_them_cost_linear_time(bool left, bool right)
    {
        WordPieceTokenizer tokenizer = new(["[UNK]", " "], new WordPieceOptions
        {
            UnknownTokenId = 0,
            AddedTokens = [new AddedToken { Id = 1, Content = " ", LeftStrip = left, RightStrip = right }],
        });

        // A quadratic search would take minutes.
        Assert.Equal(300_000, tokenizer.Encode(new string(' ', 300_000)).Length);
    }

    [Fact]
    public void Mutated_llama2c_file() => Survive(SyntheticFiles.Llama2C(), file => Llama2CTokenizer.Read(file, "tokenizer.bin"));

    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    [InlineData("bert")]
    [InlineData("t5")]
    public void Mutated_gguf_metadata(string model)
    {
        // The metadata in JSON, so that the same mutations reach every field.
        Tokenizer tokenizer = model switch
        {
            "gpt2" => BpeTrainer.Train(["the cat the cat's hat 123"], new BpeTrainerOptions { VocabularySize = 270 }),
            "bert" => new WordPieceTokenizer(
                ["[UNK]", "[CLS]", "[SEP]", "the", "cat", "##s", "123", "'"],
                new WordPieceOptions
                {
                    UnknownTokenId = 0,
                    Prefix = [1],
                    Suffix = [2],
                    Normalizer = new BertNormalizer(),
                    AddedTokens = [.. ((string[])["[UNK]", "[CLS]", "[SEP]"]).Select((content, id) => new AddedToken { Id = id, Content = content, Special = true })],
                }),
            "t5" => Checkpoint.OpenTokenizer(Path.Combine(Repository.Root, "tests", "fixtures", "tokenizers", "unigram.model")),
            _ => Llama2CTokenizer.Read(SyntheticFiles.Llama2C(), "tokenizer.bin"),
        };
        Survive(
            System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(GgufTokenizer.ToGguf(tokenizer)),
            file => GgufTokenizer.Create(ReadMetadata(file)));
    }

    [Fact]
    public void Random_bytes()
    {
        FileMutator mutator = new(new byte[200], seed: 6);
        for (int i = 0; i < FilesEach; i++)
        {
            byte[] file = mutator.Next();
            Assert.Throws<InvalidCheckpointException>(() => TokenizerJson.Read(file, null, "tokenizer.json"));
            Assert.Throws<InvalidCheckpointException>(() => Llama2CTokenizer.Read(file, "tokenizer.bin"));
        }
    }

    private static GgufTokenizerData ReadMetadata(byte[] file)
    {
        try
        {
            GgufTokenizerData? data = System.Text.Json.JsonSerializer.Deserialize<GgufTokenizerData>(file);
            return data is null || data.Tokens.IsDefault || data.Scores.IsDefault || data.TokenTypes.IsDefault || data.Merges.IsDefault || data.Pair.IsDefault || data.PrecompiledCharsmap.IsDefault
                || data.Tokens.Contains(null!) || data.Merges.Contains(null!)
                ? throw new InvalidInputException("not metadata")
                : data;
        }
        catch (System.Text.Json.JsonException error)
        {
            throw new InvalidInputException("not metadata", error);
        }
    }

    private static void Survive(byte[] intact, Func<byte[], Tokenizer> read)
    {
        FileMutator mutator = new(intact, seed: 2026);
        Assert.NotNull(read(intact));
        int refused = 0;
        for (int i = 0; i < FilesEach; i++)
        {
            byte[] file = mutator.Next();
            Tokenizer tokenizer;
            try
            {
                tokenizer = read(file);
            }
            catch (InvalidInputException error)
            {
                Assert.NotEmpty(error.Message);
                refused++;
                continue;
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"Mutation {i}: {Encoding.Latin1.GetString(file)}", error);
            }

            int[] ids = tokenizer.Encode(Probe, parseSpecialTokens: true);
            Assert.All(ids, id => Assert.InRange(id, 0, tokenizer.VocabularySize - 1));
            tokenizer.Decode(ids);
        }

        Assert.InRange(refused, 1, FilesEach);
    }
}
