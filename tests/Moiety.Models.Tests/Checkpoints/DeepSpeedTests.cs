using Moiety.Models.Checkpoints;
using Moiety.Models.Checkpoints.DeepSpeed;
using Moiety.Models.Configuration;

namespace Moiety.Models.Tests.Checkpoints;

/// <summary>
/// What DeepSpeed saves of a Mixture-of-Experts is one model. <c>tests/fixtures/scripts/make_deepspeed_fixture.py</c> made the fixture of the GPT-2 of
/// transformers; <c>Moiety.Parity.Tests</c> compares logits.
/// </summary>
public sealed class DeepSpeedTests : IDisposable
{
    private const string States = "mp_rank_00_model_states.pt";
    private static readonly string Fixture = Path.Combine(Repository.Root, "tests", "fixtures", "deepspeed");
    private readonly TemporaryFolder _folder = new();

    public DeepSpeedTests()
    {
        Directory.CreateDirectory(_folder["run/global_step7"]);
        foreach (string file in Directory.GetFiles(Fixture, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, _folder["run/" + Path.GetRelativePath(Fixture, file)]);
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("run")]
    [InlineData("run/global_step7")]
    public void States_and_experts_are_one_model_described_by_the_command_line_of_its_training(string folder)
    {
        using Checkpoint checkpoint = Checkpoint.Open(_folder[folder]);
        using Checkpoint origin = Checkpoint.Open(Path.Combine(TransformersFixture.Root, "gpt2"));
        ModelConfig config = checkpoint.Config;
        Assert.Equal("megatron_moe", config.Family);
        Assert.Equal(origin.Config with { Family = config.Family, FeedForwards = config.FeedForwards, EosTokenIds = config.EosTokenIds, BosTokenId = config.BosTokenId }, config);
        Assert.Equal(origin.Config.FeedForwards[0], config.FeedForwards[0]);
        Assert.Equal(new MoeConfig { ExpertCount = 2, TopK = 2, ExpertIntermediateSize = 48, NormalizeTopK = true, ExpertBias = true }, config.FeedForwards[1].Moe);
        foreach (string name in origin.TensorNames.Where(name => !name.Contains("layers.1.mlp", StringComparison.Ordinal)))
        {
            Assert.Equal(Bytes.Floats(origin.GetTensor(name)), Bytes.Floats(checkpoint.GetTensor(name)));
        }

        for (int expert = 0; expert < 2; expert++)
        {
            Assert.Equal(Bytes.Floats(origin.GetTensor(TensorNames.Up(1))), Bytes.Floats(checkpoint.GetTensor(TensorNames.ExpertUp(1, expert))));
            Assert.Equal(Bytes.Floats(origin.GetTensor(TensorNames.DownBias(1))), Bytes.Floats(checkpoint.GetTensor(TensorNames.ExpertDownBias(1, expert))));
        }
    }

    [Fact]
    public void It_is_converted_to_a_folder_that_holds_the_same()
    {
        using Checkpoint checkpoint = Checkpoint.Open(_folder["run"]);
        HuggingFaceWriter.Write(_folder["converted"], checkpoint.Config, TensorSource.From(checkpoint), tokenizer: null);
        using Checkpoint converted = Checkpoint.Open(_folder["converted"]);
        Assert.Equal(checkpoint.Config, converted.Config);
        Bytes.AssertSameTensors(checkpoint, converted);
    }

    [Fact]
    public void A_missing_expert_is_named()
    {
        File.Delete(_folder["run/global_step7/layer_0_expert_1_mp_rank_00_model_states.pt"]);
        Assert.Contains("deepspeed_experts.1.dense_h_to_4h.weight", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void Tensor_parallel_ranks_are_refused()
    {
        File.WriteAllText(_folder["run/global_step7/mp_rank_01_model_states.pt"], "");
        Assert.Contains("tensor-parallel ranks", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_files_of_one_expert_are_refused()
    {
        File.Copy(_folder["run/global_step7/layer_0_expert_1_mp_rank_00_model_states.pt"], _folder["run/global_step7/layer_0_expert_2_mp_rank_00_model_states.pt"]);
        Assert.Contains("layer_0_expert_1_mp_rank_00_model_states.pt too", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_configuration_beside_the_states_goes_first_and_a_residual_branch_is_refused()
    {
        using Checkpoint checkpoint = Checkpoint.Open(_folder["run"]);
        HuggingFaceWriter.Write(_folder["converted"], checkpoint.Config, TensorSource.From(checkpoint), tokenizer: null);
        string config = File.ReadAllText(_folder["converted/config.json"]);
        File.WriteAllText(_folder["run/config.json"], config.Replace("\"topk\": 2", "\"topk\": 2, \"mlp_type\": \"residual\"", StringComparison.Ordinal));
        Assert.Contains("mlp_type: \"residual\" is not supported", Refused(), StringComparison.Ordinal);
        File.WriteAllText(_folder["run/config.json"], config.Replace("\"topk\": 2", "\"topk\": 2, \"checkpoint_version\": 0", StringComparison.Ordinal));
        Assert.Contains("checkpoint_version: 0 is not supported", Refused(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../run/global_step7")]
    [InlineData("..")]
    [InlineData("/etc")]
    [InlineData("absent")]
    public void A_tag_is_a_name_of_a_folder_inside(string tag)
    {
        File.WriteAllText(_folder["run/latest"], tag);
        Assert.Null(DeepSpeedReader.FindStates(_folder["run"]));
    }

    [Fact]
    public void A_state_may_name_only_what_trainers_save()
    {
        File.Copy(Path.Combine(Repository.Root, "tests", "fixtures", "pytorch", "hostile-system.bin"), _folder["run/global_step7/" + States], overwrite: true);
        Assert.Contains("\"posix.system\"", Refused(), StringComparison.Ordinal);
        File.Copy(Path.Combine(Repository.Root, "tests", "fixtures", "pytorch", "hostile-cycle.bin"), _folder["run/global_step7/" + States], overwrite: true);
        Assert.Contains("command line of Megatron-LM", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_alone_may_not_name_what_trainers_save()
    {
        HuggingFaceWriter.Write(_folder["model"], FamilyModels.Llama(), RandomWeights.Source(), tokenizer: null);
        File.Delete(_folder["model/model.safetensors"]);
        File.Copy(_folder["run/global_step7/" + States], _folder["model/pytorch_model.bin"]);
        Assert.Contains("it names \"", Assert.Throws<InvalidCheckpointException>(() => Checkpoint.Open(_folder["model"])).Message, StringComparison.Ordinal);
    }

    private string Refused() => Assert.Throws<InvalidCheckpointException>(() => Checkpoint.Open(_folder["run"])).Message;
}
