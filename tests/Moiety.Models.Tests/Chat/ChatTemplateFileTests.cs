using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Chat;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Templates;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Tests.Chat;

/// <summary>Chat templates are found wherever checkpoints keep them, and survive every conversion to the letter.</summary>
public sealed class ChatTemplateFileTests : IDisposable
{
    private static readonly ImmutableDictionary<string, string> Sources = ImmutableDictionary.CreateRange<string, string>(
    [
        new("default", "{{ bos_token }}\r\n{%- for m in messages %}\n  {{ m.content }} é🚀\t\"\\n\"\n{% endfor %}\n\n"),
        new("tool_use", "tools {{ tools|length }}\n"),
        new("rag", "documents"),
    ]);

    private static readonly JsonArray Nothing = [];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Templates_survive_both_containers_and_both_directions()
    {
        ChatTemplate template = ChatTemplate.Parse(Sources);
        ModelConfig config = FamilyModels.Llama();
        HuggingFaceWriter.Write(_folder["a"], config, RandomWeights.Source(), tokenizer: null, new HuggingFaceOptions { ChatTemplate = template });
        Convert("a", "b.gguf");
        Convert("b.gguf", "c");
        Convert("c", "d.gguf");
        foreach (string name in (string[])["a", "b.gguf", "c", "d.gguf"])
        {
            using Checkpoint checkpoint = Checkpoint.Open(_folder[name]);
            Assert.Equal(Sorted(Sources), Sorted(checkpoint.ChatTemplate!.Sources));
        }

        // A folder that is written over again keeps none of the old ones, and somebody else's file beside them is not lost.
        HuggingFaceWriter.Write(_folder["a"], config, RandomWeights.Source(), tokenizer: null, new HuggingFaceOptions { ChatTemplate = ChatTemplate.Parse("new") });
        using Checkpoint again = Checkpoint.Open(_folder["a"]);
        Assert.Equal([new("default", "new")], again.ChatTemplate!.Sources);
        File.WriteAllText(_folder["c/additional_chat_templates/thesis.tex"], "years of work");
        Assert.Throws<InvalidInputException>(() => Convert("a", "c"));
        Assert.Equal("years of work", File.ReadAllText(_folder["c/additional_chat_templates/thesis.tex"]));
    }

    [Fact]
    public void A_template_is_found_in_tokenizer_config()
    {
        Model();
        File.WriteAllText(_folder["m/tokenizer_config.json"], new JsonObject { ["chat_template"] = Sources["default"] }.ToJsonString());
        Assert.Equal([new("default", Sources["default"])], Read("m").Sources);
    }

    [Fact]
    public void A_list_of_named_templates_is_found_in_tokenizer_config()
    {
        Model();
        JsonArray list = [.. Sources.Select(pair => (JsonNode)new JsonObject { ["name"] = pair.Key, ["template"] = pair.Value })];
        File.WriteAllText(_folder["m/tokenizer_config.json"], new JsonObject { ["chat_template"] = list }.ToJsonString());
        Assert.Equal(Sorted(Sources), Sorted(Read("m").Sources));
    }

    [Fact]
    public void A_file_of_its_own_comes_before_JSON_and_the_newer_JSON_before_the_older()
    {
        Model();
        File.WriteAllText(_folder["m/tokenizer_config.json"], """{"chat_template": "oldest"}""");
        Assert.Equal("oldest", Read("m").Sources["default"]);
        File.WriteAllText(_folder["m/chat_template.json"], """{"chat_template": "older"}""");
        Assert.Equal("older", Read("m").Sources["default"]);
        File.WriteAllText(_folder["m/chat_template.jinja"], "newest\n");
        Directory.CreateDirectory(_folder["m/additional_chat_templates"]);
        File.WriteAllText(_folder["m/additional_chat_templates/tool_use.jinja"], "tools");
        Assert.Equal("newest\n", Read("m").Sources["default"]);
        Assert.Equal("tools", Read("m").Sources["tool_use"]);
    }

    [Fact]
    public void A_model_without_a_template_has_none()
    {
        Model();
        using Checkpoint checkpoint = Checkpoint.Open(_folder["m"]);
        Assert.Null(checkpoint.ChatTemplate);
    }

    // Nothing but a conversation needs the template.
    [Fact]
    public void A_malformed_template_names_its_line_and_does_not_keep_the_model_from_being_converted()
    {
        Model();
        File.WriteAllText(_folder["m/chat_template.jinja"], "a\n\n{% for m in messages %}");
        Convert("m", "m.gguf");
        using Checkpoint checkpoint = Checkpoint.Open(_folder["m.gguf"]);
        Assert.Equal("a\n\n{% for m in messages %}", checkpoint.ChatTemplate!.Sources["default"]);
        InvalidTemplateException error = Assert.Throws<InvalidTemplateException>(() => checkpoint.ChatTemplate.Render(Nothing));
        Assert.Equal(3, error.Line);
        Assert.Throws<InvalidTemplateException>(checkpoint.ChatTemplate.Check);
    }

    [Theory]
    [InlineData("""{"chat_template": 5}""")]
    [InlineData("""{"chat_template": {"default": "x"}}""")]
    [InlineData("""{"chat_template": [{"name": "default"}]}""")]
    [InlineData("""{"chat_template": [{"name": "rag", "template": "x"}]}""")]
    [InlineData("""{"chat_template": [{"name": "default", "template": "x"}, {"name": "../../x", "template": "y"}]}""")]
    public void What_is_no_template_is_refused(string json)
    {
        Model();
        File.WriteAllText(_folder["m/tokenizer_config.json"], json);
        using Checkpoint checkpoint = Checkpoint.Open(_folder["m"]);
        Assert.ThrowsAny<InvalidInputException>(() => checkpoint.ChatTemplate);
    }

    [Fact]
    public void The_tokenizers_special_tokens_are_what_the_template_writes()
    {
        string tokenizerFile = Path.Combine(Repository.Root, "tests", "fixtures", "tokenizers", "unigram.model");
        Tokenizer tokenizer = Checkpoint.OpenTokenizer(tokenizerFile);
        ModelConfig config = FamilyModels.Llama() with { VocabularySize = tokenizer.VocabularySize };
        GgufOptions options = new() { ChatTemplate = ChatTemplate.Parse("{{ bos_token }}x{{ eos_token }}") };
        GgufWriter.Write(_folder["t.gguf"], config, RandomWeights.Source(), tokenizer, options);
        using Checkpoint checkpoint = Checkpoint.Open(_folder["t.gguf"]);
        Assert.Equal($"{tokenizer.GetPiece(tokenizer.BosTokenId!.Value)}x{tokenizer.GetPiece(tokenizer.EosTokenIds[0])}", checkpoint.ChatTemplate!.Render(Nothing));
    }

    private static IEnumerable<KeyValuePair<string, string>> Sorted(ImmutableDictionary<string, string> sources) =>
        sources.OrderBy(pair => pair.Key, StringComparer.Ordinal);

    private void Model() => HuggingFaceWriter.Write(_folder["m"], FamilyModels.Llama(), RandomWeights.Source(), tokenizer: null);

    private ChatTemplate Read(string name)
    {
        using Checkpoint checkpoint = Checkpoint.Open(_folder[name]);
        return checkpoint.ChatTemplate!;
    }

    private void Convert(string from, string to)
    {
        using Checkpoint source = Checkpoint.Open(_folder[from]);
        CheckpointWriter.Write(_folder[to], source, TensorSource.From(source), source.Tokenizer);
    }
}
