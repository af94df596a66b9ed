using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Tests.Checkpoints;

/// <summary>What a path is shows in its content, and a tokenizer travels with its model through every container.</summary>
public sealed class OpeningTests : IDisposable
{
    private const string Text = "the cat's hat, 123 é 🚀";
    private readonly TemporaryFolder _folder = new();
    private readonly Tokenizer _tokenizer = BpeTrainer.Train(["the cat the cat's hat 123"], new BpeTrainerOptions { VocabularySize = 270 });

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_tokenizer_travels_through_every_container()
    {
        HuggingFaceWriter.Write(_folder["model"], FamilyModels.Llama() with { VocabularySize = 270 }, RandomWeights.Source(), _tokenizer);
        using Checkpoint folder = Checkpoint.Open(_folder["model"]);
        GgufWriter.Write(_folder["model.gguf"], folder.Config, TensorSource.From(folder), folder.Tokenizer);
        using Checkpoint gguf = Checkpoint.Open(_folder["model.gguf"]);
        HuggingFaceWriter.Write(_folder["again"], gguf.Config, TensorSource.From(gguf), gguf.Tokenizer);
        using Checkpoint again = Checkpoint.Open(_folder["again"]);
        int[] ids = _tokenizer.Encode(Text);
        foreach (Checkpoint checkpoint in (Checkpoint[])[folder, gguf, again])
        {
            // The configuration starts with another token than the tokenizer; each keeps its own.
            Assert.Equal(1, checkpoint.Config.BosTokenId);
            Assert.Equal([2, 3], checkpoint.Config.EosTokenIds);
            Assert.Equal(ids, checkpoint.Tokenizer!.Encode(Text));
            Assert.Equal(Text, checkpoint.Tokenizer.Decode(ids));
        }

        // GGUF names a pre-tokenizer, and a name means stages; from then on the file stays as it is.
        GgufWriter.Write(_folder["again.gguf"], again.Config, TensorSource.From(again), again.Tokenizer);
        using Checkpoint last = Checkpoint.Open(_folder["again.gguf"]);
        HuggingFaceWriter.Write(_folder["last"], last.Config, TensorSource.From(last), last.Tokenizer);
        Assert.Equal(File.ReadAllBytes(_folder["again/tokenizer.json"]), File.ReadAllBytes(_folder["last/tokenizer.json"]));
    }

    [Fact]
    public void A_tokenizer_opens_from_each_place_that_has_one()
    {
        HuggingFaceWriter.Write(_folder["model"], FamilyModels.Llama() with { VocabularySize = 270 }, RandomWeights.Source(), _tokenizer);
        GgufWriter.Write(_folder["model.gguf"], FamilyModels.Llama() with { VocabularySize = 270 }, RandomWeights.Source(), _tokenizer);
        foreach (string place in (string[])["model", "model/tokenizer.json", "model.gguf"])
        {
            Assert.Equal(_tokenizer.Encode(Text), Checkpoint.OpenTokenizer(_folder[place]).Encode(Text));
        }

        Assert.Throws<InvalidInputException>(() => Checkpoint.OpenTokenizer(_folder["absent"]));
    }

    [Fact]
    public void The_tokenizer_file_that_is_given_is_the_one_that_is_read()
    {
        TokenizerJson.WriteFolder(_tokenizer, _folder["model"]);
        Tokenizer other = BpeTrainer.Train(["a hat, a mat"], new BpeTrainerOptions { VocabularySize = 262 });
        File.WriteAllBytes(_folder["model/other.json"], TokenizerJson.Write(other));
        Assert.NotEqual(_tokenizer.Encode(Text), other.Encode(Text));
        Assert.Equal(other.Encode(Text), Checkpoint.OpenTokenizer(_folder["model/other.json"]).Encode(Text));
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => Checkpoint.OpenTokenizer(_folder["model/tokenizer_config.json"]));
        Assert.Equal((_folder["model/tokenizer_config.json"], "model"), (error.Path, error.Field));
    }

    [Fact]
    public void A_renamed_file_is_what_it_was()
    {
        GgufWriter.Write(_folder["model.gguf"], FamilyModels.Llama(), RandomWeights.Source(), tokenizer: null);
        File.Move(_folder["model.gguf"], _folder["download"]);
        using Checkpoint checkpoint = Checkpoint.Open(_folder["download"]);
        Assert.Equal("llama", checkpoint.Config.Family);
    }

    [Fact]
    public void One_weight_file_opens_with_the_configuration_beside_it()
    {
        HuggingFaceWriter.Write(_folder["model"], FamilyModels.Moiety(), RandomWeights.Source(), tokenizer: null);
        using Checkpoint folder = Checkpoint.Open(_folder["model"]);
        using Checkpoint file = Checkpoint.Open(_folder["model/model.safetensors"]);
        Assert.Equal(folder.Config, file.Config);
        Bytes.AssertSameTensors(folder, file);
    }

    [Fact]
    public void The_embedded_model_is_there_or_its_absence_says_what_to_do()
    {
        if (File.Exists(Path.Combine(AppContext.BaseDirectory, "models", "story-world.gguf")))
        {
            using Checkpoint checkpoint = Checkpoint.Open(EmbeddedModel.Path);
            checkpoint.VerifyFinite();
            Assert.NotNull(checkpoint.Tokenizer);
            Assert.Equal("moiety_moe", checkpoint.Config.Family);
        }
        else
        {
            Assert.Contains("docs/embedded-model.md", Assert.Throws<InvalidInputException>(() => EmbeddedModel.Path).Message, StringComparison.Ordinal);
        }
    }
}
