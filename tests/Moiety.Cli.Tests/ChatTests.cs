using System.Text;
using System.Text.Json;
using Moiety.Cli.Conversation;
using Moiety.Models.Chat;
using Moiety.Models.Checkpoints;

namespace Moiety.Cli.Tests;

/// <summary>A conversation through a pipe, and the line that a person edits.</summary>
public class ChatTests(ModelFixture model) : IClassFixture<ModelFixture>
{
    [Fact]
    public void A_conversation_is_saved_loaded_retried_and_undone()
    {
        string file = Path.Combine(model.Folder, "talk.json");
        MoietyProcess first = Chat($"/system Be kind.\nMia has a kite.\n/save {file}\n/undo\n/undo\n/show\n/exit\nnot read\n");
        Assert.Contains("taken back: Mia has a kite.", first.Error, StringComparison.Ordinal);
        Assert.Contains("error: there is nothing to take back", first.Error, StringComparison.Ordinal);
        using JsonDocument saved = JsonDocument.Parse(File.ReadAllText(file));
        JsonElement messages = saved.RootElement.GetProperty("messages");
        Assert.Equal(["system", "user", "assistant"], messages.EnumerateArray().Select(message => message.GetProperty("role").GetString()));
        string answer = messages[2].GetProperty("content").GetString()!;
        Assert.Equal(answer, first.Out.Trim());

        // What was loaded is in the context: retrying gives the same answer once more.
        MoietyProcess second = Chat($"/load {file}\n/retry\n");
        Assert.Equal(answer, second.Out.Trim());
        string said = Chat("/load nothing.json\n/save\n/set\n/set temperature\n/set temperature hot\n/set nonsense 1\n/nonsense\n").Error;
        Assert.All(
            (string[])["nothing.json", "/save FILE", "max-tokens 8", "/set NAME VALUE", "temperature must be a number", "there is no parameter", "there is no command /nonsense"],
            part => Assert.Contains(part, said, StringComparison.Ordinal));
    }

    [Fact]
    public void A_message_may_have_many_lines()
    {
        string file = Path.Combine(model.Folder, "lines.json");
        Chat($"one\\\ntwo\n\"\"\"\nthree\n\n  four\n\"\"\"\n/save {file}\n");
        using JsonDocument saved = JsonDocument.Parse(File.ReadAllText(file));
        JsonElement messages = saved.RootElement.GetProperty("messages");
        Assert.Equal("one\ntwo", messages[0].GetProperty("content").GetString());
        Assert.Equal("three\n\n  four", messages[2].GetProperty("content").GetString());
    }

    [Fact]
    public void A_parameter_replaces_the_defaults_that_contradict_it()
    {
        string said = MoietyProcess.RunWithInput("/set mirostat 2\n/set mirostat-tau 3\n/set\n/set top-k 4\n"u8.ToArray(), "chat", "-m", model.Gguf).Succeeds().Error;
        Assert.Contains("mirostat 2\nmirostat-tau 3\ntemperature 0.8\n", said, StringComparison.Ordinal);
        Assert.DoesNotContain("top-p", said.Split("error:")[0], StringComparison.Ordinal);
        Assert.Contains("mirostat and top-k contradict each other", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Parameters_change_within_a_conversation()
    {
        string greedy = Chat("Mia has a kite.\n").Out;
        Assert.Equal(greedy, MoietyProcess.RunWithInput("/set greedy on\n/set max-tokens 8\nMia has a kite.\n"u8.ToArray(), "chat", "-m", model.Gguf).Succeeds().Out);
    }

    [Fact]
    public void The_models_own_template_is_used()
    {
        using Checkpoint checkpoint = Checkpoint.Open(model.HuggingFace);
        string path = Path.Combine(model.Folder, "templated.gguf");
        ChatTemplate template = ChatTemplate.Parse("{{ bos_token }}{% for message in messages %}Mia: {{ message.content }}{% endfor %}{{ raise_exception('too long') if messages|length > 1 }}");
        GgufWriter.Write(path, checkpoint.Config, TensorSource.From(checkpoint), checkpoint.Tokenizer, new GgufOptions { ChatTemplate = template });
        MoietyProcess chat = MoietyProcess.RunWithInput("has a kite\nagain\n"u8.ToArray(), "chat", "-m", path, "--greedy", "--max-tokens", "8").Succeeds();
        string expected = MoietyProcess.Run("generate", "Mia: has a kite", "-m", path, "--greedy", "--max-tokens", "8").Out;
        Assert.Contains(chat.Out.Split('\n')[0].Trim(), expected, StringComparison.Ordinal);
        Assert.Contains("refuses the conversation: too long", chat.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_is_edited_and_earlier_lines_come_back()
    {
        LineBuffer line = new();
        Type(line, "hello wrld");
        Press(line, ConsoleKey.LeftArrow, ConsoleKey.LeftArrow, ConsoleKey.LeftArrow);
        Type(line, "o");
        Assert.Equal(("hello world", 8), (line.Text, line.Cursor));
        Press(line, ConsoleKey.Home, ConsoleKey.Delete);
        Type(line, "H");
        Assert.True(line.Press(new ConsoleKeyInfo('\r', ConsoleKey.Enter, false, false, false)));
        Assert.Equal("Hello world", line.Take());
        Type(line, "second");
        Assert.Equal("second", line.Take());
        Type(line, "unfinished");
        Press(line, ConsoleKey.UpArrow, ConsoleKey.UpArrow, ConsoleKey.UpArrow);
        Assert.Equal("Hello world", line.Text);
        Press(line, ConsoleKey.DownArrow, ConsoleKey.DownArrow, ConsoleKey.DownArrow);
        Assert.Equal("unfinished", line.Text);
        line.Press(new ConsoleKeyInfo('\x17', ConsoleKey.W, false, false, control: true));
        Assert.Equal("", line.Text);
        Type(line, "a😀b");
        Press(line, ConsoleKey.LeftArrow, ConsoleKey.Backspace);
        Assert.Equal(("ab", 1), (line.Text, line.Cursor));
    }

    private static void Type(LineBuffer line, string text)
    {
        foreach (char character in text)
        {
            line.Press(new ConsoleKeyInfo(character, ConsoleKey.None, false, false, false));
        }
    }

    private static void Press(LineBuffer line, params ConsoleKey[] keys)
    {
        foreach (ConsoleKey key in keys)
        {
            line.Press(new ConsoleKeyInfo('\0', key, false, false, false));
        }
    }

    private MoietyProcess Chat(string input) =>
        MoietyProcess.RunWithInput(Encoding.UTF8.GetBytes(input), "chat", "-m", model.Gguf, "--greedy", "--max-tokens", "8").Succeeds();
}
