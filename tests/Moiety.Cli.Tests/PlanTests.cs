using System.Text.Json;

namespace Moiety.Cli.Tests;

/// <summary><c>moiety plan</c> as a shell runs it.</summary>
public class PlanTests(ModelFixture model) : IClassFixture<ModelFixture>
{
    [Fact]
    public void Two_models_stand_side_by_side_with_their_ratio_and_a_training()
    {
        MoietyProcess run = MoietyProcess.Run("plan", "6.7b", "moe-1.3b-128", "--cluster", "a100-80g,devices=128", "--train", "300B").Succeeds();
        Assert.Contains("128 devices in 16 nodes of 8", run.Out, StringComparison.Ordinal);
        Assert.Contains("first / second", run.Out, StringComparison.Ordinal);
        Assert.Contains("latency of a token", run.Out, StringComparison.Ordinal);
        Assert.Contains("sequences/s", run.Out, StringComparison.Ordinal);
        Assert.Equal("", run.Error);
    }

    [Fact]
    public void A_checkpoint_a_configuration_and_the_json_of_both_agree_with_inspect()
    {
        long parameters = JsonDocument.Parse(MoietyProcess.Run("inspect", model.Gguf, "--json").Succeeds().Out).RootElement.GetProperty("parameters").GetInt64();
        string config = Path.Combine(model.HuggingFace, "config.json");
        foreach (string name in new[] { model.Gguf, model.HuggingFace, config })
        {
            JsonElement plan = JsonDocument.Parse(MoietyProcess.Run("plan", name, "--cluster", "cpu-8", "--json", "--explain").Succeeds().Out).RootElement;
            Assert.Equal(parameters, plan.GetProperty("parameters").GetInt64());
            Assert.True(plan.GetProperty("latency").GetDouble() > 0);
            Assert.True(plan.GetProperty("formulas").GetArrayLength() > 10);
        }
    }

    [Fact]
    public void The_embedded_model_is_planned_for_this_machine_which_is_measured() =>
        Assert.Contains("this-machine: 1 device", MoietyProcess.Run("plan").Succeeds().Out, StringComparison.Ordinal);

    [Fact]
    public void A_model_that_does_not_fit_is_said_to_need_more_devices()
    {
        MoietyProcess run = MoietyProcess.Run("plan", "moe-8b-128", "--cluster", "a100-40g").Succeeds();
        Assert.Contains("does not fit to be served", run.Error, StringComparison.Ordinal);
        Assert.Contains("fewest devices of this kind that suffice are", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Devices_are_scaled_in_a_table_and_formulas_are_explained()
    {
        string scale = MoietyProcess.Run("plan", "moe-1.3b-128", "--cluster", "a100-40g", "--scale", "8", "16", "32", "64").Succeeds().Out;
        Assert.Contains("tokens/s per device", scale, StringComparison.Ordinal);
        string formulas = MoietyProcess.Run("plan", "layers=4,hidden=64,heads=4,experts=8", "--cluster", "h100", "--explain").Succeeds().Out;
        Assert.Contains("ep = gcd(E, W)", formulas, StringComparison.Ordinal);
        Assert.Contains("critical data path", formulas, StringComparison.Ordinal);
    }

    [Fact]
    public void The_paper_is_shown_with_every_row_and_as_json()
    {
        string paper = MoietyProcess.Run("plan", "--paper").Succeeds().Out;
        Assert.Contains("1.3B+PR-MoE+L21+MoS", paper, StringComparison.Ordinal);
        Assert.Contains("does not fit", paper, StringComparison.Ordinal);
        JsonElement json = JsonDocument.Parse(MoietyProcess.Run("plan", "--paper", "--json").Succeeds().Out).RootElement;
        Assert.All(json.GetProperty("claims").EnumerateArray(), claim => Assert.True(claim.GetProperty("holds").GetBoolean()));
    }

    [Fact]
    public void Bad_input_is_named()
    {
        MoietyProcess.Run("plan", "moe-9b").FailsWith("moe-9b", "moe-1.3b-128");
        MoietyProcess.Run("plan", "6.7b", "--cluster", "a100").FailsWith("\"a100\"", "a100-80g");
        MoietyProcess.Run("plan", "6.7b", "--cluster", "h100", "--devices", "12").FailsWith("12 cannot be divided into nodes of 8");
        MoietyProcess.Run("plan", "6.7b", "--cluster", "h100", "--tensor", "3").FailsWith("3 does not divide the 8 devices");
        MoietyProcess.Run("plan", "moe-1.3b-128", "--cluster", "h100", "--expert-slice", "2").FailsWith("8 devices are not more than the 128 experts");
        MoietyProcess.Run("plan", "moe-1.3b-128", "--cluster", "h100", "--expert-parallel", "8", "4").FailsWith("2 entries for 12 MoE layers");
        MoietyProcess.Run("plan", "6.7b", "--cluster", "h100", "--train", "many").FailsWith("\"many\"");
        MoietyProcess.Run("plan", "6.7b", "--cluster", "h100", "--train", "1B", "--capacity", "0").FailsWith("capacity: 0");
        MoietyProcess.Run("plan", "6.7b", "--cluster", "h100", "--batch", "0").FailsWith("sequences per device: 0");
        MoietyProcess.Run("plan", "6.7b", "--paper").FailsWith("--paper");
    }
}
