namespace Moiety.Cli.Tests;

/// <summary>Every verb explains itself, with examples.</summary>
public class HelpTests
{
    public static TheoryData<string> Verbs =>
    [
        "generate", "chat", "run", "pull", "list", "remove", "perplexity", "evaluate", "evaluate questions", "evaluate quantization", "logits", "embed", "classify", "inspect", "quantize", "convert", "merge", "bench", "plan", "data",
        "data story-world", "tokenizer", "tokenizer train", "tokenizer encode", "tokenizer decode", "train", "distill", "experiment", "moe", "moe routes", "moe gates", "moe upcycle",
    ];

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Every_verb_has_help_with_examples(string verb)
    {
        MoietyProcess help = MoietyProcess.Run([.. verb.Split(' '), "--help"]).Succeeds();
        Assert.Contains($"moiety {verb} ", help.Out, StringComparison.Ordinal);
        Assert.Contains("Examples:\n  # ", help.Out, StringComparison.Ordinal);
        Assert.Equal("", help.Error);
    }

    [Fact]
    public void The_command_alone_lists_every_verb()
    {
        string help = MoietyProcess.Run().Succeeds().Out;
        Assert.All(Verbs, verb => Assert.Contains($"  {verb.Data.Split(' ')[0]} ", help, StringComparison.Ordinal));
    }

    [Fact]
    public void Help_names_every_logits_processor_of_the_registry()
    {
        string help = MoietyProcess.Run("generate", "--help").Out;
        Assert.All(Decoding.Processors.LogitsProcessors.All, definition => Assert.All(definition.Parameters, parameter => Assert.Contains($"--{parameter.Name} ", help, StringComparison.Ordinal)));
    }

    [Fact]
    public void An_unknown_verb_or_option_is_named()
    {
        MoietyProcess.Run("generat").FailsWith("generat", "moiety --help");
        MoietyProcess.Run("generate", "--gredy").FailsWith("--gredy", "moiety generate --help");
        MoietyProcess.Run("convert", "a").FailsWith("destination", "moiety convert --help");
        MoietyProcess.Run("generate", "--top-k", "many").FailsWith("many");
    }
}
