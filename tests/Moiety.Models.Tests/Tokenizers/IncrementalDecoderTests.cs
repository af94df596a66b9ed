using System.Buffers;
using CsCheck;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Tests.Tokenizers;

public class IncrementalDecoderTests
{
    private static readonly Tokenizer ByteLevel = BpeTrainer.Train(["déjà vu 🚀🚀 학습 déjà"], new BpeTrainerOptions { VocabularySize = 270 });

    private static readonly Tokenizer SentencePiece = Llama2CTokenizer.Read(SyntheticFiles.Llama2C(), "tokenizer.bin");

    [Fact]
    public void Byte_level_tokens_one_by_one_give_the_text_of_all_at_once() => PiecesEqualWhole(ByteLevel);

    [Fact]
    public void SentencePiece_tokens_one_by_one_give_the_text_of_all_at_once() => PiecesEqualWhole(SentencePiece);

    [Fact]
    public void A_character_comes_when_it_is_whole()
    {
        IncrementalDecoder decoder = new(ByteLevel);
        int[] ids = [.. "🚀"u8.ToArray().Select(value => ByteLevel.EncodeBytes([value], addSpecialTokens: false)[0])];
        ArrayBufferWriter<char> output = new();
        foreach (int id in ids[..3])
        {
            decoder.Append(id, output);
            Assert.Equal(0, output.WrittenCount);
        }

        decoder.Append(ids[3], output);
        Assert.Equal("🚀", output.WrittenSpan.ToString());
        decoder.Append(ids[0], output);
        decoder.Flush(output);
        Assert.Equal("🚀\ufffd", output.WrittenSpan.ToString());
    }

    [Fact]
    public void A_text_goes_on_after_a_skipped_prompt()
    {
        int[] ids = SentencePiece.Encode("ab ab 🚀");
        for (int prompt = 2; prompt <= ids.Length; prompt++)
        {
            IncrementalDecoder whole = new(SentencePiece);
            ArrayBufferWriter<char> before = new();
            foreach (int id in ids[..prompt])
            {
                whole.Append(id, before);
            }

            IncrementalDecoder decoder = new(SentencePiece);
            decoder.Skip(ids[..prompt]);
            ArrayBufferWriter<char> after = new();
            foreach (int id in ids[prompt..])
            {
                decoder.Append(id, after);
            }

            Assert.Equal("ab ab 🚀", before.WrittenSpan.ToString() + after.WrittenSpan.ToString());
        }
    }

    [Fact]
    public void Nothing_is_allocated_per_token()
    {
        IncrementalDecoder decoder = new(ByteLevel);
        ArrayBufferWriter<char> output = new(100_000);

        // The runtime itself allocates now and then while it compiles; a decoder that allocated would do so in every run.
        Assert.Contains(0, Enumerable.Range(0, 10).Select(_ => Run()).ToArray());

        long Run()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 10_000; i++)
            {
                decoder.Append(i % ByteLevel.VocabularySize, output);
                output.ResetWrittenCount();
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    private static void PiecesEqualWhole(Tokenizer tokenizer) => Gen.Int[0, tokenizer.VocabularySize - 1].Array[0, 30].Sample(ids =>
    {
        IncrementalDecoder decoder = new(tokenizer);
        ArrayBufferWriter<char> output = new();
        foreach (int id in ids)
        {
            decoder.Append(id, output);
        }

        decoder.Flush(output);
        Assert.Equal(tokenizer.Decode(ids), output.WrittenSpan.ToString());
    });
}
