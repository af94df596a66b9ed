using System.Text;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Models.Json;
using Moiety.Numerics;

namespace Moiety.Models.Tests.Families;

/// <summary>Encoders as their makers publish them, and what files hold of them.</summary>
public class EncoderFamilyTests
{
    private const string Bert = """
        {
          "architectures": ["BertForMaskedLM"], "attention_probs_dropout_prob": 0.1, "hidden_act": "gelu", "hidden_size": 768,
          "intermediate_size": 3072, "layer_norm_eps": 1e-12, "max_position_embeddings": 512, "model_type": "bert", "num_attention_heads": 12,
          "num_hidden_layers": 12, "pad_token_id": 0, "position_embedding_type": "absolute", "type_vocab_size": 2, "vocab_size": 30522
        }
        """;

    private const string DistilBert = """
        {
          "activation": "gelu", "architectures": ["DistilBertForMaskedLM"], "attention_dropout": 0.1, "dim": 768, "dropout": 0.1, "hidden_dim": 3072,
          "initializer_range": 0.02, "max_position_embeddings": 512, "model_type": "distilbert", "n_heads": 12, "n_layers": 6, "pad_token_id": 0,
          "qa_dropout": 0.1, "seq_classif_dropout": 0.2, "sinusoidal_pos_embds": false, "tie_weights_": true, "vocab_size": 30522
        }
        """;

    private const string Roberta = """
        {
          "architectures": ["RobertaForMaskedLM"], "bos_token_id": 0, "eos_token_id": 2, "hidden_act": "gelu", "hidden_size": 768,
          "intermediate_size": 3072, "layer_norm_eps": 1e-05, "max_position_embeddings": 514, "model_type": "roberta", "num_attention_heads": 12,
          "num_hidden_layers": 12, "pad_token_id": 1, "type_vocab_size": 1, "vocab_size": 50265
        }
        """;

    private const string MPNet = """
        {
          "architectures": ["MPNetForMaskedLM"], "bos_token_id": 0, "eos_token_id": 2, "hidden_act": "gelu", "hidden_size": 768,
          "intermediate_size": 3072, "layer_norm_eps": 1e-05, "max_position_embeddings": 514, "model_type": "mpnet", "num_attention_heads": 12,
          "num_hidden_layers": 12, "pad_token_id": 1, "relative_attention_num_buckets": 32, "vocab_size": 30527
        }
        """;

    private const string DebertaV3 = """
        {
          "model_type": "deberta-v2", "attention_probs_dropout_prob": 0.1, "hidden_act": "gelu", "hidden_size": 768, "intermediate_size": 3072,
          "max_position_embeddings": 512, "relative_attention": true, "position_buckets": 256, "norm_rel_ebd": "layer_norm", "share_att_key": true,
          "pos_att_type": "p2c|c2p", "layer_norm_eps": 1e-7, "max_relative_positions": -1, "position_biased_input": false,
          "num_attention_heads": 12, "num_hidden_layers": 12, "type_vocab_size": 0, "vocab_size": 128100
        }
        """;

    // The published numbers, without the pooler of 768 * 769 parameters where they count it.
    [Theory]
    [InlineData(Bert, 109_482_240 - 768 * 769)]
    [InlineData(DistilBert, 66_362_880)]
    [InlineData(Roberta, 124_645_632 - 768 * 769)]
    [InlineData(MPNet, 109_486_464 - 768 * 769)]
    [InlineData(DebertaV3, 183_831_552)]
    public void A_published_configuration_gives_the_published_number_of_parameters(string json, long parameters)
    {
        ModelConfig config = Read(json);
        config.Validate();
        Assert.True(config.IsEncoder);
        Assert.Equal(512, config.ContextLength);
        Assert.Equal(parameters, TensorCatalog.For(config).Sum(tensor => tensor.ElementCount));
    }

    public static TheoryData<string> Fixtures =>
        ["bert", "bert-classifier", "distilbert-classifier", "xlm-roberta-classifier", "roberta", "roberta-classifier", "mpnet", "deberta-v2", "deberta-v2-conv", "deberta-v3", "deberta-v3-classifier"];

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Folders_come_back_as_they_were(string fixture)
    {
        using TemporaryFolder folder = new();
        using Checkpoint source = Checkpoint.Open(TransformersFixture.Open(fixture).Path);
        HuggingFaceWriter.Write(folder["copy"], source.Config, TensorSource.From(source), null, new() { Embedding = source.Embedding });
        using Checkpoint copy = Checkpoint.Open(folder["copy"]);
        Assert.Equal(source.Config, copy.Config);
        AssertSameTensors(source, copy);
    }

    public static TheoryData<string> GgufFixtures => [.. Fixtures.Select(row => row.Data).Where(name => name != "distilbert-classifier")];

    [Theory]
    [MemberData(nameof(GgufFixtures))]
    public void Gguf_files_hold_the_same_model(string fixture)
    {
        using TemporaryFolder folder = new();
        using Checkpoint source = Checkpoint.Open(TransformersFixture.Open(fixture).Path);
        GgufWriter.Write(folder["copy.gguf"], source.Config, TensorSource.From(source), null);
        using Checkpoint copy = Checkpoint.Open(folder["copy.gguf"]);

        // Without a tokenizer nothing tells RoBERTa from BERT, and rows of positions that no token has are left out.
        ModelConfig expected = source.Config with
        {
            Family = source.Config.Family is "roberta" or "xlm-roberta" ? "bert" : source.Config.Family,
            LearnedPositions = source.Config.LearnedPositions - source.Config.PositionOffset,
            PositionOffset = 0,
        };
        Assert.Equal(expected, copy.Config);
        AssertSameTensors(source, copy);
    }

    // As bert-base-uncased and sentence-transformers have them: norms called as in TensorFlow, a root or none, integers that follow from
    // the configuration, heads that were trained with the encoder.
    [Theory]
    [InlineData("")]
    [InlineData("bert.")]
    public void Names_of_published_files_are_read(string root)
    {
        using TemporaryFolder folder = new();
        string fixture = TransformersFixture.Open("bert").Path;
        folder.Write("config.json", File.ReadAllBytes(Path.Combine(fixture, "config.json")));
        byte[] file = File.ReadAllBytes(Path.Combine(fixture, "model.safetensors"));
        int length = (int)BitConverter.ToUInt64(file);
        JsonObject header = [];
        foreach ((string name, JsonNode? tensor) in JsonNode.Parse(file.AsSpan(8, length))!.AsObject())
        {
            string renamed = name.Replace("LayerNorm.weight", "LayerNorm.gamma", StringComparison.Ordinal).Replace("LayerNorm.bias", "LayerNorm.beta", StringComparison.Ordinal);
            header[name == "__metadata__" ? name : root + renamed] = tensor!.DeepClone();
        }

        int data = file.Length - 8 - length;
        header[root + "embeddings.position_ids"] = new JsonObject { ["dtype"] = "I64", ["shape"] = new JsonArray(1, 48), ["data_offsets"] = new JsonArray(data, data + 384) };
        header["cls.seq_relationship.bias"] = new JsonObject { ["dtype"] = "F32", ["shape"] = new JsonArray(2), ["data_offsets"] = new JsonArray(data + 384, data + 392) };
        byte[] text = Encoding.UTF8.GetBytes(header.ToJsonString());
        Array.Resize(ref text, (text.Length + 7) / 8 * 8);
        text.AsSpan().Replace((byte)0, (byte)' ');
        folder.Write("model.safetensors", [.. BitConverter.GetBytes((ulong)text.Length), .. text, .. file[(8 + length)..], .. new byte[392]]);
        using Checkpoint expected = Checkpoint.Open(fixture);
        using Checkpoint actual = Checkpoint.Open(folder.Path);
        AssertSameTensors(expected, actual);
    }

    [Theory]
    [InlineData("\"absolute\"", "\"relative_key\"", "position_embedding_type", "relative_key")]
    [InlineData("\"gelu\"", "\"silu\"", "hidden_act", "silu")]
    [InlineData("\"pad_token_id\": 0", "\"extra_attention\": 3", "extra_attention", "does not know")]
    [InlineData("\"pad_token_id\": 0", "\"is_decoder\": true", "is_decoder", "only encoders")]
    [InlineData("\"pad_token_id\": 0", "\"embedding_size\": 128", "embedding_size", "128")]
    [InlineData("\"num_attention_heads\": 12", "\"num_attention_heads\": 13", "num_attention_heads", "13 does not divide")]
    [InlineData("\"BertForMaskedLM\"", "\"BertForSequenceClassification\"], \"id2label\": {\"1\": \"a\"}, \"x\": [1", "id2label", "without a gap")]
    [InlineData("\"BertForMaskedLM\"", "\"BertForSequenceClassification\"], \"problem_type\": \"odd\", \"x\": [1", "problem_type", "odd")]
    public void What_an_encoder_cannot_compute_is_refused_by_name(string field, string replacement, string name, string reason)
    {
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => Read(Bert.Replace(field, replacement, StringComparison.Ordinal)));
        Assert.Equal(name, error.Field);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"p2c|c2p\"", "\"p2p\"", "pos_att_type", "p2p")]
    [InlineData("\"layer_norm\"", "\"rms\"", "norm_rel_ebd", "rms")]
    [InlineData("\"type_vocab_size\": 0", "\"conv_kernel_size\": 3, \"conv_groups\": 2", "conv_groups", "2")]
    [InlineData("\"type_vocab_size\": 0", "\"conv_kernel_size\": 3, \"conv_act\": \"relu\"", "conv_act", "relu")]
    [InlineData("\"relative_attention\": true", "\"relative_attention\": false", "pos_att_type", "relative_attention")]
    public void What_DeBERTa_may_have_beyond_is_refused_by_name(string field, string replacement, string name, string reason)
    {
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => Read(DebertaV3.Replace(field, replacement, StringComparison.Ordinal)));
        Assert.Equal(name, error.Field);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_classifier_has_the_labels_of_its_configuration()
    {
        using Checkpoint checkpoint = Checkpoint.Open(TransformersFixture.Open("bert-classifier").Path);
        Assert.Equal(["sad", "calm", "merry"], checkpoint.Config.Classifier!.Labels);
        Assert.Equal(ClassificationProblem.SingleLabel, checkpoint.Config.Classifier.Problem);
    }

    [Fact]
    public void The_modules_of_sentence_transformers_travel_along()
    {
        EmbeddingConfig wish = new() { Pooling = EmbeddingPooling.First, Normalize = true, MaxTokens = 20 };
        using TemporaryFolder folder = new();
        using Checkpoint source = Checkpoint.Open(TransformersFixture.Open("bert").Path);
        Assert.Null(source.Embedding);
        HuggingFaceWriter.Write(folder["folder"], source.Config, TensorSource.From(source), null, new() { Embedding = wish });
        using Checkpoint copy = Checkpoint.Open(folder["folder"]);
        Assert.Equal(wish, copy.Embedding);
        GgufWriter.Write(folder["file.gguf"], source.Config, TensorSource.From(copy), null, new() { Embedding = copy.Embedding });
        using Checkpoint file = Checkpoint.Open(folder["file.gguf"]);
        Assert.Equal(wish, file.Embedding);

        // A folder with its modules may be written anew.
        copy.Dispose();
        HuggingFaceWriter.Write(folder["folder"], source.Config, TensorSource.From(source), null, new() { Embedding = wish });
    }

    [Theory]
    [InlineData("""[{"path": "", "type": "sentence_transformers.models.Transformer"}, {"path": "2_Dense", "type": "sentence_transformers.models.Dense"}]""", "Dense")]
    [InlineData("""[{"path": "../1_Pooling", "type": "sentence_transformers.models.Pooling"}]""", "no name of a folder")]
    [InlineData("""[{"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]""", "is missing")]
    public void Modules_that_are_not_computed_are_refused(string modules, string reason)
    {
        using TemporaryFolder folder = new();
        foreach (string file in Directory.GetFiles(TransformersFixture.Open("bert").Path))
        {
            folder.Write(Path.GetFileName(file), File.ReadAllBytes(file));
        }

        folder.Write("modules.json", Encoding.UTF8.GetBytes(modules));
        Assert.Contains(reason, Assert.Throws<InvalidCheckpointException>(() => Checkpoint.Open(folder.Path)).Message, StringComparison.Ordinal);
    }

    private static void AssertSameTensors(Checkpoint expected, Checkpoint actual)
    {
        foreach (TensorSpec tensor in TensorCatalog.For(expected.Config))
        {
            Matrix wanted = expected.GetTensor(tensor.Name);
            Matrix found = actual.GetTensor(tensor.Name);
            int skipped = wanted.Rows - found.Rows;
            Assert.Equal(tensor.Role == TensorRole.PositionEmbedding ? expected.Config.PositionOffset - actual.Config.PositionOffset : 0, skipped);
            Assert.Equal(Values(wanted)[(skipped * wanted.Columns)..], Values(found));
        }
    }

    private static unsafe float[] Values(Matrix matrix)
    {
        float[] values = new float[matrix.Rows * matrix.Columns];
        for (int row = 0; row < matrix.Rows; row++)
        {
            matrix.Format.Dequantize(new ReadOnlySpan<byte>(matrix.Data + row * matrix.RowBytes, (int)matrix.RowBytes), values.AsSpan(row * matrix.Columns, matrix.Columns));
        }

        return values;
    }

    private static ModelConfig Read(string json)
    {
        JsonField field = JsonField.Parse("config.json", Encoding.UTF8.GetBytes(json));
        return ModelFamilies.ForHuggingFace(field).ReadHuggingFace(field);
    }
}
