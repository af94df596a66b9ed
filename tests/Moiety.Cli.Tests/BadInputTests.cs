using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;

namespace Moiety.Cli.Tests;

/// <summary>What is wrong is said in one line that names the place, with exit code 2 and without a trace.</summary>
public class BadInputTests(ModelFixture model) : IClassFixture<ModelFixture>
{
    [Fact]
    public void A_model_that_is_not_there() =>
        Generate(Path.Combine(model.Folder, "nothing.gguf")).FailsWith("nothing.gguf", "no such file");

    [Fact]
    public void Wrong_magic() =>
        Generate(model.File("wrong.gguf", Encoding.ASCII.GetBytes("GGML and then something else, long enough"))).FailsWith("wrong.gguf", "magic");

    [Fact]
    public void A_truncated_file()
    {
        byte[] whole = File.ReadAllBytes(model.Gguf);
        Generate(model.File("half.gguf", whole[..(whole.Length / 2)])).FailsWith("half.gguf");
        Generate(model.File("header.gguf", whole[..20])).FailsWith("header.gguf");
        Generate(model.File("empty.gguf", [])).FailsWith("empty.gguf");
    }

    [Fact]
    public void Overlapping_and_out_of_range_tensors()
    {
        string overlapping = model.Damaged("overlapping", folder => ModelFixture.EditSafetensors(folder, header =>
        {
            string[] names = [.. header.Select(pair => pair.Key).Where(name => name != "__metadata__")];
            string[] twins = [.. names.GroupBy(name => header[name]!["shape"]!.ToJsonString()).First(group => group.Count() > 1)];
            header[twins[0]]!["data_offsets"] = header[twins[1]]!["data_offsets"]!.DeepClone();
        }));
        Generate(overlapping).FailsWith("model.safetensors", "overlap");
        string outside = model.Damaged("outside", folder => ModelFixture.EditSafetensors(folder, header =>
        {
            JsonArray offsets = header["model.norm.weight"]!["data_offsets"]!.AsArray();
            long end = offsets[1]!.GetValue<long>();
            offsets[0] = (offsets[0]!.GetValue<long>() % 10) + 9_000_000_000_000 - end;
        }));
        Generate(outside).FailsWith("model.safetensors", "model.norm.weight");
    }

    [Fact]
    public void An_unknown_family_is_answered_with_the_known_ones()
    {
        string strange = model.Damaged("strange", folder => EditConfig(folder, config => config["model_type"] = "gpt_7_turbo"));
        Generate(strange).FailsWith("gpt_7_turbo", "llama", "mixtral", "moiety_moe");
    }

    [Fact]
    public void A_missing_tokenizer() =>
        Generate(model.Damaged("mute", folder =>
        {
            File.Delete(Path.Combine(folder, "tokenizer.json"));
            File.Delete(Path.Combine(folder, "tokenizer_config.json"));
        })).FailsWith("tokenizer");

    [Fact]
    public void NaN_weights()
    {
        using RandomCheckpoint damaged = new(SmallModels.Dense with { VocabularySize = model.Tokenizer.VocabularySize }, seed: 1);
        string path = Path.Combine(model.Folder, "nan");
        HuggingFaceWriter.Write(path, damaged.Config, TensorSource.From(damaged), model.Tokenizer);
        string weights = Path.Combine(path, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(weights);

        // The last matrix's last numbers.
        for (int at = bytes.Length - 400; at < bytes.Length; at += 4)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(at), float.NaN);
        }

        File.WriteAllBytes(weights, bytes);
        Generate(path).FailsWith("NaN");
        Generate(path, "--verify").FailsWith("nan");
        MoietyProcess.Run("inspect", path, "--verify").FailsWith("not a finite number");
    }

    [Fact]
    public void A_prompt_longer_than_the_context_is_not_cut()
    {
        string prompt = model.File("long.txt", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("Mia went to the market. ", 200))));
        MoietyProcess run = MoietyProcess.Run("generate", "-m", model.Gguf, "--prompt-file", prompt, "--no-prompt").FailsWith("256 tokens");
        Assert.Equal("", run.Out.Trim());
        MoietyProcess.Run("logits", "-m", model.Gguf, "--ids", string.Join(',', Enumerable.Repeat("5", 300)), "--json").FailsWith("256 tokens");
    }

    [Fact]
    public void Invalid_UTF_8_in_a_prompt_file_is_named_with_its_offset()
    {
        string file = model.File("latin1.txt", [.. "Mia f"u8, 0xE4, .. "llt"u8]);
        MoietyProcess.Run("generate", "-m", model.Gguf, "--prompt-file", file).FailsWith("latin1.txt", "UTF-8", "0xE4", "offset 5");
        MoietyProcess.RunWithInput([0x41, 0xC3], "generate", "-m", model.Gguf, "-").FailsWith("standard input", "offset 1");
    }

    [Theory]
    [InlineData("--greedy", "--temperature", "0.5")]
    [InlineData("--greedy", "--top-k", "5")]
    [InlineData("--greedy", "--top-p", "0.5")]
    [InlineData("--greedy", "--min-p", "0.5")]
    [InlineData("--greedy", "--mirostat", "2")]
    [InlineData("--greedy", "--xtc-threshold", "0.2")]
    [InlineData("--greedy", "--seed", "1")]
    public void Greedy_contradicts_what_shapes_chance(string first, string second, string value) =>
        MoietyProcess.Run("generate", "Mia", "-m", model.Gguf, first, second, value).FailsWith(first, second, "contradict");

    [Theory]
    [InlineData("--mirostat", "2", "--top-k", "5", "surprise")]
    [InlineData("--mirostat", "1", "--top-p", "0.9", "surprise")]
    [InlineData("--dynamic-temperature", "1.2", "--temperature", "0.8", "the one temperature")]
    public void Processors_that_contradict_each_other(string first, string one, string second, string two, string reason) =>
        MoietyProcess.Run("generate", "Mia", "-m", model.Gguf, first, one, second, two).FailsWith(first.TrimStart('-'), second.TrimStart('-'), reason);

    [Theory]
    [InlineData("--xtc-threshold", "0.2", "xtc-probability")]
    [InlineData("--dry-breaker", ".", "dry-multiplier")]
    [InlineData("--logit-bias", "5:1", "ID=X")]
    public void A_parameter_without_its_processor_or_form(string option, string value, string expected) =>
        MoietyProcess.Run("generate", "Mia", "-m", model.Gguf, option, value).FailsWith(expected);

    [Fact]
    public void Two_prompts_and_two_models_contradict_each_other()
    {
        string file = model.File("one.txt", "Mia"u8.ToArray());
        MoietyProcess.Run("generate", "Mia", "--prompt-file", file, "-m", model.Gguf).FailsWith("--prompt-file", "contradict");
        MoietyProcess.Run("bench", "-m", model.Gguf, "--random", "llama-1b").FailsWith("--model", "--random", "contradict");
        MoietyProcess.Run("logits", "Mia", "--ids", "1", "-m", model.Gguf).FailsWith("--ids");
    }

    [Theory]
    [InlineData("0", "--temperature")]
    [InlineData("1.5", "--top-p")]
    [InlineData("2.5", "--top-k")]
    [InlineData("-1", "--max-tokens")]
    [InlineData("0", "-n")]
    [InlineData("", "--stop")]
    [InlineData("99999", "--threads")]
    [InlineData("0", "--context")]
    public void A_number_out_of_range(string value, string option) =>
        MoietyProcess.Run("generate", "Mia", "-m", model.Gguf, option, value).FailsWith(value);

    [Fact]
    public void Folders_where_files_are_expected_and_files_that_are_not_there()
    {
        MoietyProcess.Run("generate", "-m", model.Gguf, "--prompt-file", model.Folder).FailsWith("folder");
        MoietyProcess.Run("generate", "-m", model.Gguf, "--prompt-file", Path.Combine(model.Folder, "no.txt")).FailsWith("no.txt", "no such file");
        MoietyProcess.Run("train", Path.Combine(model.Folder, "no.json"), "--out", Path.Combine(model.Folder, "run")).FailsWith("no.json");
        MoietyProcess.Run("perplexity", Path.Combine(model.Folder, "no.txt"), "-m", model.Gguf).FailsWith("no.txt");
        MoietyProcess.Run("evaluate", "questions", model.Gguf, "-m", model.Gguf).FailsWith(".jsonl");
        MoietyProcess.Run("data", "story-world", "--size", "1MB", "--out", Path.Combine(model.Folder, "corpus.pdf")).FailsWith(".jsonl");
        MoietyProcess.Run("logits", "-m", model.Gguf, "--ids", "1,x").FailsWith("\"x\"");
        MoietyProcess.Run("logits", "-m", model.Gguf, "--ids", "1,300").FailsWith("300");
    }

    [Fact]
    public void Output_that_cannot_be_written()
    {
        string file = model.File("taken", "a file"u8.ToArray());
        MoietyProcess.Run("convert", model.Gguf, Path.Combine(file, "inside.gguf")).FailsWith("taken");
        MoietyProcess.Run("convert", model.Gguf, model.Gguf).FailsWith("source");
        MoietyProcess.Run("quantize", model.Gguf, Path.Combine(model.Folder, "x.gguf"), "--format", "iq1_s").FailsWith("iq1_s", "Q8_0");
        MoietyProcess.Run("data", "story-world", "--documents", "5", "--out", Path.Combine(file, "c.jsonl")).FailsWith("c.jsonl");
    }

    [Fact]
    public async Task A_full_disk_is_said_and_leaves_no_file()
    {
        // A limit on the size of files (ulimit -f, in KiB) fails a write in the middle as a full disk does.
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the limit is set with a Linux shell");
        string target = Path.Combine(model.Folder, "too-big.gguf");
        ProcessStartInfo start = new("bash")
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            ArgumentList = { "-c", "trap '' XFSZ; ulimit -f 100; exec dotnet \"$0\" convert \"$1\" \"$2\"", Path.Combine(AppContext.BaseDirectory, "moiety.dll"), model.HuggingFace, target },
        };
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        new MoietyProcess(process.ExitCode, await output, error).FailsWith("too-big.gguf", "disk is full");
        Assert.Empty(Directory.GetFiles(model.Folder, "too-big*"));
    }

    [Fact]
    public void Ctrl_C_ends_the_program_with_130()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are sent with kill");
        using Process process = MoietyProcess.Start("generate", "Mia", "-m", model.Gguf, "--context", "200000", "--max-tokens", "190000", "--seed", "1", "--no-prompt");
        Assert.NotEqual(-1, process.StandardOutput.Read());
        using (Process kill = Process.Start("kill", ["-INT", $"{process.Id}"]))
        {
            kill.WaitForExit();
        }

        process.StandardOutput.ReadToEnd();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(130, process.ExitCode);
        Assert.Equal("", error);
    }

    [Fact]
    public void Ctrl_C_ends_an_answer_of_a_chat_and_not_the_chat()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are sent with kill");
        using Process process = MoietyProcess.Start("chat", "-m", model.Gguf, "--context", "200000", "--max-tokens", "190000", "--seed", "1");
        process.StandardInput.WriteLine("Tell a story.");
        process.StandardInput.Flush();
        Assert.NotEqual(-1, process.StandardOutput.Read());
        using (Process kill = Process.Start("kill", ["-INT", $"{process.Id}"]))
        {
            kill.WaitForExit();
        }

        // The next line is read only after the answer has ended.
        process.StandardInput.WriteLine("/nonsense");
        process.StandardInput.WriteLine("/exit");
        process.StandardInput.Flush();
        process.StandardOutput.ReadToEnd();
        Assert.Contains("/nonsense", process.StandardError.ReadToEnd(), StringComparison.Ordinal);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public void A_value_that_does_not_fit_is_explained_without_names_of_types()
    {
        foreach ((string option, string value, string expected) in new[] { ("--seed", "abc", "whole number"), ("--max-tokens", "999999999999", "2147483647"), ("--kv-format", "q4", "f16, f32, q8_0") })
        {
            MoietyProcess run = MoietyProcess.Run("generate", "x", option, value);
            run.FailsWith(option, value, expected);
            Assert.DoesNotContain("System.", run.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("Moiety.", run.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Options_without_effect_are_refused()
    {
        MoietyProcess.Run("bench", "-m", model.Gguf, "--format", "q4_0").FailsWith("--format", "--random");
        MoietyProcess.Run("bench", "--random", "llama-160m", "--adapter", "a").FailsWith("--adapter", "--random");
        MoietyProcess.Run("quantize", model.Gguf, Path.Combine(model.Folder, "never.gguf"), "--calibration-documents", "5").FailsWith("--calibrate");
    }

    [Fact]
    public void A_device_or_a_name_that_is_empty_is_no_place_for_a_model()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "devices are files of /dev");
        MoietyProcess.Run("convert", model.Gguf, "/dev/never-made.gguf").FailsWith("/dev/never-made.gguf", "device");
        MoietyProcess.Run("convert", model.Gguf, "").FailsWith("empty");
    }

    [Fact]
    public void A_message_that_is_not_UTF8_is_not_answered() =>
        MoietyProcess.RunWithInput([0xFF, 0xFE, (byte)'\n'], "chat", "-m", model.Gguf).FailsWith("UTF-8", "0xFF");

    [Fact]
    public void The_trace_is_shown_when_asked_for()
    {
        MoietyProcess run = MoietyProcess.Run("inspect", Path.Combine(model.Folder, "nothing.gguf"), "--verbose");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("   at Moiety.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_training_configuration_that_is_wrong_is_refused_before_any_work()
    {
        string config = model.File("recipe.json", "{ \"model\": { \"hidden_sise\": 64 } }"u8.ToArray());
        string run = Path.Combine(model.Folder, "never");
        MoietyProcess.Run("train", config, "--out", run).FailsWith("recipe.json");
        Assert.False(Directory.Exists(run));
    }

    [Fact]
    public void A_distillation_without_a_teacher_or_with_options_that_do_not_fit_is_refused()
    {
        string config = model.File("student.json", "{ \"training\": {} }"u8.ToArray());
        string run = Path.Combine(model.Folder, "never");
        MoietyProcess.Run("distill", config, "--out", run).FailsWith("student.json", "--teacher");
        MoietyProcess.Run("distill", config, "--out", run, "--teacher", model.Gguf, "--top", "8").FailsWith("distillation.top", "cache");
        MoietyProcess.Run("distill", config, "--out", run, "--teacher", model.Gguf, "--stop-step", "soon").FailsWith("stop_step", "soon");
        MoietyProcess.Run("distill", config, "--out", run, "--teacher", model.Gguf, "--student-layers", "99").FailsWith("student_layers", "99");
        Assert.False(Directory.Exists(run));
    }

    private static MoietyProcess Generate(string path, params string[] options) =>
        MoietyProcess.Run(["generate", "Mia", "-m", path, "--greedy", "--max-tokens", "4", .. options]);

    private static void EditConfig(string folder, Action<JsonObject> edit)
    {
        string path = Path.Combine(folder, "config.json");
        JsonObject config = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        edit(config);
        File.WriteAllText(path, config.ToJsonString());
    }
}
