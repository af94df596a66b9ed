using System.Text;
using System.Text.Json;

namespace Moiety.Cli.Tests;

/// <summary>Text comes through pipes as asked for, the same for the same seed.</summary>
public class GenerateTests(ModelFixture model) : IClassFixture<ModelFixture>
{
    [Fact]
    public void The_same_seed_gives_the_same_text_whatever_the_threads()
    {
        string[] arguments = ["generate", "Mia went", "-m", model.Gguf, "--seed", "7", "--max-tokens", "20"];
        string first = MoietyProcess.Run(arguments).Succeeds().Out;
        Assert.Equal(first, MoietyProcess.Run([.. arguments, "--threads", "1"]).Succeeds().Out);
        Assert.NotEqual(first, MoietyProcess.Run([.. arguments[..5], "8", .. arguments[6..]]).Succeeds().Out);
        Assert.StartsWith("Mia went", first, StringComparison.Ordinal);
    }

    [Fact]
    public void The_prompt_may_come_from_a_file_or_standard_input()
    {
        string file = model.File("prompt.txt", "\uFEFFMia went"u8.ToArray());
        string[] options = ["-m", model.HuggingFace, "--greedy", "--max-tokens", "12"];
        string expected = MoietyProcess.Run(["generate", "Mia went", .. options]).Succeeds().Out;
        Assert.Equal(expected, MoietyProcess.Run(["generate", "--prompt-file", file, .. options]).Succeeds().Out);
        Assert.Equal(expected, MoietyProcess.RunWithInput("Mia went"u8.ToArray(), ["generate", "-", .. options]).Succeeds().Out);
        Assert.Equal(expected["Mia went".Length..], MoietyProcess.Run(["generate", "Mia went", "--no-prompt", .. options]).Succeeds().Out);
    }

    [Fact]
    public void Json_has_a_line_per_sample_and_sample_i_does_not_depend_on_how_many_there_are()
    {
        string[] arguments = ["generate", "Mia", "-m", model.Gguf, "--seed", "3", "--max-tokens", "10", "--json", "-n"];
        JsonElement[] three = Lines(MoietyProcess.Run([.. arguments, "3"]).Succeeds().Out);
        JsonElement[] two = Lines(MoietyProcess.Run([.. arguments, "2"]).Succeeds().Out);
        Assert.Equal(3, three.Length);
        Assert.Equal(two.Select(Tokens), three.Take(2).Select(Tokens));
        Assert.All(three, sample =>
        {
            Assert.Equal("Mia", sample.GetProperty("prompt").GetString());
            Assert.Equal(3, sample.GetProperty("seed").GetInt32());
            Assert.Contains(sample.GetProperty("finish_reason").GetString(), (string[])["max_tokens", "end_of_text"]);
            Assert.Equal(sample.GetProperty("generated_tokens").GetInt32(), sample.GetProperty("tokens").GetArrayLength());
        });

        static string Tokens(JsonElement sample) => sample.GetProperty("tokens").GetRawText();
    }

    [Fact]
    public void Results_and_statistics_go_to_different_streams_without_control_characters()
    {
        MoietyProcess run = MoietyProcess.Run("generate", "Mia", "-m", model.Gguf, "--greedy", "--max-tokens", "5", "--stats").Succeeds();
        Assert.DoesNotContain("tokens/s", run.Out, StringComparison.Ordinal);
        Assert.Contains("tokens/s", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', run.Out + run.Error);
    }

    [Fact]
    public void A_chat_goes_through_a_pipe_and_obeys_its_commands()
    {
        byte[] input = Encoding.UTF8.GetBytes("Tell a story.\n/reset\nTell a story.\n/nonsense\n/exit\nnever read\n");
        MoietyProcess chat = MoietyProcess.RunWithInput(input, "chat", "-m", model.Gguf, "--greedy", "--max-tokens", "8").Succeeds();

        // After a reset the same message has the same greedy answer.
        Assert.Equal(0, chat.Out.Length % 2);
        Assert.Equal(chat.Out[..(chat.Out.Length / 2)], chat.Out[(chat.Out.Length / 2)..]);
        Assert.Contains("/nonsense", chat.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Logits_are_a_json_line_per_position()
    {
        JsonElement[] all = Lines(MoietyProcess.Run("logits", "-m", model.Gguf, "--ids", "5,6,7", "--json").Succeeds().Out);
        Assert.Equal([0, 1, 2], all.Select(line => line.GetProperty("position").GetInt32()));
        Assert.Equal([5, 6, 7], all.Select(line => line.GetProperty("id").GetInt32()));
        Assert.All(all, line => Assert.Equal(model.Tokenizer.VocabularySize, line.GetProperty("logits").GetArrayLength()));

        JsonElement[] top = Lines(MoietyProcess.Run("logits", "-m", model.Gguf, "--ids", "5,6,7", "--json", "--last", "--top-k", "4").Succeeds().Out);
        JsonElement[] best = [.. Assert.Single(top).GetProperty("top").EnumerateArray()];
        float[] logits = [.. all[2].GetProperty("logits").EnumerateArray().Select(logit => logit.GetSingle())];
        Assert.Equal(logits.OrderDescending().Take(4), best.Select(token => token.GetProperty("logit").GetSingle()));
        double logTotal = Math.Log(logits.Sum(logit => Math.Exp(logit)));
        Assert.Equal(logits.Max() - logTotal, best[0].GetProperty("log_probability").GetDouble(), 1e-5);
    }

    [Fact]
    public void A_folder_and_its_file_give_the_same_text_and_a_converted_file_is_the_same()
    {
        string folder = Path.Combine(model.Folder, "converted");
        string file = Path.Combine(model.Folder, "converted.gguf");
        MoietyProcess.Run("convert", model.Gguf, folder).Succeeds();
        MoietyProcess.Run("convert", folder, file).Succeeds();
        string[] texts = [.. ((string[])[model.Gguf, folder, file]).Select(path => MoietyProcess.Run("generate", "Tom", "-m", path, "--greedy", "--max-tokens", "16").Succeeds().Out)];
        Assert.Single(texts.Distinct());
    }

    [Fact]
    public void A_quantized_file_is_smaller_and_runs()
    {
        string file = Path.Combine(model.Folder, "quantized.gguf");
        MoietyProcess.Run("quantize", model.Gguf, file, "--format", "q4_0", "--embedding", "q8_0").Succeeds();
        Assert.True(new FileInfo(file).Length < new FileInfo(model.Gguf).Length / 2);
        MoietyProcess.Run("generate", "Tom", "-m", file, "--greedy", "--max-tokens", "4").Succeeds();
        JsonElement facts = Assert.Single(Lines(MoietyProcess.Run("inspect", file, "--json").Succeeds().Out));
        Assert.True(facts.GetProperty("formats").TryGetProperty("Q4_0", out _));
        Assert.True(facts.GetProperty("active_parameters").GetInt64() < facts.GetProperty("parameters").GetInt64());
    }

    [Fact]
    public void A_quantized_folder_gives_the_logits_of_the_file_of_the_same_format()
    {
        string folder = Path.Combine(model.Folder, "gptq");
        string file = Path.Combine(model.Folder, "gptq.gguf");
        MoietyProcess.Run("quantize", model.Gguf, folder, "--format", "q4_0").Succeeds();
        MoietyProcess.Run("quantize", model.Gguf, file, "--format", "q4_0", "--embedding", "f16").Succeeds();
        string[] logits = [.. ((string[])[folder, file]).Select(path => MoietyProcess.Run("logits", "-m", path, "--ids", "5,6,7", "--json").Succeeds().Out)];
        Assert.Equal(logits[1], logits[0]);
        MoietyProcess.Run("quantize", model.Gguf, folder, "--format", "q4_k", "--calibrate", "missing.txt").FailsWith("Q4_K", ".gguf");
        MoietyProcess.Run("quantize", model.Gguf, file, "--format", "f8_e4m3").FailsWith("F8_E4M3", "no GGUF file");
    }

    [Fact]
    public void Perplexity_is_the_exponential_of_the_mean_loss_whatever_the_window()
    {
        string text = model.File("text.txt", Encoding.UTF8.GetBytes("Mia has a red kite.\n<|endoftext|>\nTom went to the lake. Mia went to the market.\n"));
        JsonElement result = Assert.Single(Lines(MoietyProcess.Run("perplexity", text, "-m", model.Gguf, "--json").Succeeds().Out));
        Assert.Equal(2, result.GetProperty("documents").GetInt32());
        Assert.Equal(Math.Exp(result.GetProperty("loss").GetDouble()), result.GetProperty("perplexity").GetDouble(), 1e-9);
        JsonElement windowed = Assert.Single(Lines(MoietyProcess.Run("perplexity", text, "-m", model.Gguf, "--json", "--window", "4", "--stride", "2").Succeeds().Out));
        Assert.Equal(result.GetProperty("tokens").GetInt32(), windowed.GetProperty("tokens").GetInt32());
    }

    [Fact]
    public void Questions_are_counted_and_compared_with_chance()
    {
        JsonElement[] reports = Lines(MoietyProcess.Run("evaluate", "questions", model.Questions, "-m", model.Gguf, "--context", "4096", "--limit", "12", "--choices-only", "--json").Succeeds().Out);
        Assert.Equal("all", reports[0].GetProperty("kind").GetString());
        Assert.Equal(12, reports[0].GetProperty("choice").GetProperty("count").GetInt32());
        Assert.InRange(reports[0].GetProperty("chance").GetDouble(), 0.01, 0.99);
        Assert.Equal(12, reports.Skip(1).Sum(report => report.GetProperty("choice").GetProperty("count").GetInt32()));
    }

    [Fact]
    public void Bench_prints_speed_over_bandwidth()
    {
        JsonElement result = Assert.Single(Lines(MoietyProcess.Run(
            "bench", "-m", model.Gguf, "--prefill", "16", "--depth", "4", "--decode", "8", "--repetitions", "2", "--json").Succeeds().Out));
        JsonElement[] measurements = [.. result.GetProperty("measurements").EnumerateArray()];
        Assert.Equal(["prefill", "decode"], measurements.Select(measurement => measurement.GetProperty("kind").GetString()));
        Assert.All(measurements, measurement => Assert.True(measurement.GetProperty("tokens_per_second").GetDouble() > 0));
        Assert.True(measurements[1].GetProperty("share_of_bandwidth").GetDouble() > 0);
    }

    [Fact]
    public void Token_ids_come_back_as_the_text()
    {
        const string Text = "Mia has a red kite, 3 äpfel and 😀.";
        string ids = MoietyProcess.Run("tokenizer", "encode", Text, "-m", model.Gguf).Succeeds().Out;
        Assert.Equal(Text + "\n", MoietyProcess.RunWithInput(Encoding.UTF8.GetBytes(ids), "tokenizer", "decode", "-", "-m", model.HuggingFace).Succeeds().Out);
    }

    private static JsonElement[] Lines(string output) =>
        [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement.Clone())];
}
