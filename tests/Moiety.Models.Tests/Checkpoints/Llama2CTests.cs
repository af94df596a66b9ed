using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Models.Tests.Checkpoints;

/// <summary>The trained model stories260K in llama2.c's three versions is one model.</summary>
public sealed class Llama2CTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Version_0_and_1_hold_the_same_weights()
    {
        using Checkpoint legacy = Checkpoint.Open(SharedData.Require("stories260k/checkpoint_legacy.bin"));
        using Checkpoint first = Checkpoint.Open(SharedData.Require("stories260k/checkpoint_v1.bin"));
        Assert.Equal(legacy.Config, first.Config);
        Bytes.AssertSameTensors(legacy, first);
    }

    [Fact]
    public void Version_2_holds_them_within_the_step_of_its_groups()
    {
        using Checkpoint legacy = Checkpoint.Open(SharedData.Require("stories260k/checkpoint_legacy.bin"));
        using Checkpoint second = Checkpoint.Open(SharedData.Require("stories260k/stories260K-q8.bin"));
        Assert.Equal(legacy.Config, second.Config);
        foreach (TensorSpec tensor in TensorCatalog.For(legacy.Config))
        {
            float[] expected = Bytes.Floats(legacy.GetTensor(tensor.Name));
            float[] actual = Bytes.Floats(second.GetTensor(tensor.Name));

            // Each weight is within half a step of its group's largest weight; the tensor's largest bounds that.
            float bound = expected.Max(Math.Abs) / 127 * 0.51f;
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.InRange(Math.Abs(expected[i] - actual[i]), 0, bound);
            }
        }
    }

    [Fact]
    public void The_model_has_the_published_shape()
    {
        using Checkpoint checkpoint = Checkpoint.Open(SharedData.Require("stories260k/checkpoint_v1.bin"));
        ModelConfig config = checkpoint.Config;
        Assert.Equal((64, 5, 8, 4, 512, 512), (config.HiddenSize, config.LayerCount, config.HeadCount, config.KeyValueHeadCount, config.VocabularySize, config.ContextLength));
        Assert.Equal(172, config.FeedForwards[0].IntermediateSize);
        Assert.True(config.TieWordEmbeddings);
        Assert.Equal(512, checkpoint.Tokenizer!.VocabularySize);
        checkpoint.VerifyFinite();
    }

    [Fact]
    public void It_converts_to_a_folder_and_to_GGUF_and_back()
    {
        using Checkpoint original = Checkpoint.Open(SharedData.Require("stories260k/checkpoint_v1.bin"));
        GgufWriter.Write(_folder["model.gguf"], original.Config, TensorSource.From(original), original.Tokenizer);
        using Checkpoint gguf = Checkpoint.Open(_folder["model.gguf"]);
        Assert.Equal(original.Config, gguf.Config);
        Bytes.AssertSameTensors(original, gguf);
        HuggingFaceWriter.Write(_folder["model"], original.Config, TensorSource.From(original), original.Tokenizer);
        using Checkpoint folder = Checkpoint.Open(_folder["model"]);
        Assert.False(folder.Config.Rotary!.Interleaved);
        GgufWriter.Write(_folder["second.gguf"], folder.Config, TensorSource.From(folder), folder.Tokenizer);
        using Checkpoint second = Checkpoint.Open(_folder["second.gguf"]);
        Bytes.AssertSameTensors(gguf, second);
        const string Text = "Once upon a time, there was a café.";
        Assert.Equal(original.Tokenizer!.Encode(Text), gguf.Tokenizer!.Encode(Text));
        Assert.Equal(original.Tokenizer.Encode(Text), folder.Tokenizer!.Encode(Text));
    }

    [Fact]
    public void A_cut_file_is_refused_with_both_lengths()
    {
        byte[] whole = File.ReadAllBytes(SharedData.Require("stories260k/checkpoint_v1.bin"));
        File.WriteAllBytes(_folder["cut.bin"], whole[..^100]);
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => Checkpoint.Open(_folder["cut.bin"]));
        Assert.Contains($"{whole.Length}", error.Message);
        Assert.Contains($"{whole.Length - 100}", error.Message);
    }
}
