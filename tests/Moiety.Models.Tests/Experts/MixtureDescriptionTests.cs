using System.Text;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Experts;
using Moiety.Testing.Families;

namespace Moiety.Models.Tests.Experts;

/// <summary>The rows of the survey's table, from configurations as published models have them.</summary>
public sealed class MixtureDescriptionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("mixtral", GatingKind.Softmax, true, 0, 0, false, false, 1)]
    [InlineData("olmoe", GatingKind.Softmax, false, 0, 0, false, false, 1)]
    [InlineData("qwen2_moe", GatingKind.Softmax, false, 0, 64, false, false, 1)]
    [InlineData("qwen3_moe", GatingKind.Softmax, true, 0, 0, false, false, 1)]
    [InlineData("deepseek", GatingKind.Softmax, false, 1, 64, false, false, 1)]
    [InlineData("deepseek_v2", GatingKind.Softmax, false, 1, 32, false, false, 4)]
    [InlineData("deepseek_v3", GatingKind.Sigmoid, true, 1, 32, false, true, 2.5f)]
    [InlineData("gpt_oss", GatingKind.Softmax, true, 0, 0, true, false, 1)]
    [InlineData("phimoe", GatingKind.SparseMixer, false, 0, 0, false, false, 1)]
    [InlineData("glm4_moe", GatingKind.Sigmoid, true, 1, 32, false, true, 2.5f)]
    [InlineData("ernie4_5_moe", GatingKind.Softmax, true, 1, 64, false, true, 1)]
    public void Each_family_has_its_row(string family, GatingKind gate, bool renormalized, int leadingDense, int shared, bool routerBias, bool selectionBias, float scale)
    {
        string path = _folder.Write("config.json", Encoding.UTF8.GetBytes(FamilyCases.All[family].Config));
        MixtureDescription model = MixtureDescription.Of(ArchitectureFile.Read(path));
        MixtureLayers layers = Assert.Single(model.Mixtures);
        Assert.Equal(family, model.Family);
        Assert.Equal((gate, renormalized, shared, routerBias, selectionBias, scale), (layers.Gate, layers.Renormalized, layers.SharedWidth, layers.RouterBias, layers.SelectionBias, layers.WeightScale));
        Assert.Equal(leadingDense, model.LeadingDense);
        Assert.Equal(8, layers.Experts);
        Assert.Equal(family == "gpt_oss", layers.ExpertBias);
        Assert.Equal(family == "qwen2_moe", layers.SharedGate);
        Assert.Equal(family == "deepseek_v3" ? (4, 2) : (1, 1), layers.Groups);
        Assert.Equal(family == "deepseek_v3" ? GroupScore.BestTwo : null, layers.GroupScore);
        Assert.Equal(model, MixtureDescription.Of(ArchitectureFile.Read(_folder.Path)) with { DenseLayers = model.DenseLayers, ExpertsPerLayer = model.ExpertsPerLayer, Mixtures = model.Mixtures });
    }

    [Fact]
    public void A_pyramid_has_a_column_for_each_kind_of_layer()
    {
        MixtureDescription model = MixtureDescription.Of(FamilyModels.Moiety());
        Assert.Equal([0, 2, 0, 4], model.ExpertsPerLayer);
        Assert.Equal([0, 2], model.DenseLayers);
        Assert.Equal([[1], [3]], model.Mixtures.Select(mixture => mixture.Layers.ToArray()));
        Assert.All(model.Mixtures, mixture => Assert.Equal((64, 0.5, 3.0), (mixture.ResidualWidth, mixture.RelativeWidth, mixture.FineGrain)));

        // Three projections of 64 x 32 for each of six experts.
        Assert.Equal(6 * 3 * 64 * 32, model.ExpertParameters);
    }

    [Fact]
    public void A_dense_model_has_no_row() =>
        Assert.Contains("dense", Assert.Throws<InvalidInputException>(() => MixtureDescription.Of(FamilyModels.Llama())).Message, StringComparison.Ordinal);

    [Fact]
    public void A_damaged_configuration_is_refused_by_field()
    {
        string path = _folder.Write("config.json", Encoding.UTF8.GetBytes(FamilyCases.All["mixtral"].Config.Replace("\"num_experts_per_tok\": 2", "\"num_experts_per_tok\": 9", StringComparison.Ordinal)));
        Assert.Contains("experts per token", Assert.Throws<InvalidCheckpointException>(() => ArchitectureFile.Read(path)).Field, StringComparison.Ordinal);
    }
}
