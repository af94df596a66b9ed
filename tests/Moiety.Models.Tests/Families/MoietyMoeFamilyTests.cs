using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Models.Json;

namespace Moiety.Models.Tests.Families;

/// <summary>Any configuration of Moiety's own family reads back exactly, from both containers.</summary>
public class MoietyMoeFamilyTests
{
    private static readonly ModelFamily Family = ModelFamilies.Get("moiety_moe");

    // Softmax twice, so that models with nothing else are common.
    private static readonly GatingKind[] Gatings = [GatingKind.Softmax, GatingKind.Softmax, GatingKind.Sigmoid, GatingKind.Hash];

    private static readonly Gen<FeedForwardConfig> Layer = Gen.Select(Gen.Int[0, 4], Gen.Int[1, 3], Gen.Int[1, 3], Gen.Bool, Gen.Bool, Gen.Int[0, 3].Select(kind => Gatings[kind]), (experts, width, expertWidth, normalize, residual, gating) =>
        experts == 0
            ? new FeedForwardConfig { IntermediateSize = width * 32 }
            : new FeedForwardConfig
            {
                IntermediateSize = residual ? width * 32 : 0,
                Moe = new MoeConfig
                {
                    ExpertCount = experts,
                    TopK = gating == GatingKind.Hash ? 1 : Math.Min(width, experts),
                    ExpertIntermediateSize = expertWidth * 32,
                    NormalizeTopK = normalize && gating != GatingKind.Hash,
                    Residual = residual,
                    Gating = gating,
                },
            });

    // What a layer of experts may have besides, or nothing of it.
    private static readonly Gen<Func<MoeConfig, MoeConfig>> Gating = Gen.Select(
        Gen.Bool, Gen.Bool, Gen.Bool, Gen.Bool, Gen.Bool, Gen.Int[0, 2], Gen.Bool, Gen.Bool,
        (plain, sigmoid, selection, router, two, shared, scaled, weighed) => plain
            ? (Func<MoeConfig, MoeConfig>)(moe => moe)
            : moe => moe.Gating == GatingKind.Hash ? moe : moe with
            {
                Gating = sigmoid ? GatingKind.Sigmoid : GatingKind.Softmax,
                SelectionBias = selection,
                RouterBias = router,
                GroupCount = moe.ExpertCount,
                GroupTopK = moe.TopK,
                GroupScore = two ? GroupScore.BestTwo : GroupScore.Best,
                WeightScale = scaled ? 2.5f : 1,
                SharedIntermediateSize = shared * 32,
                SharedGate = shared > 0 && weighed,
            });

    private static readonly Gen<ModelConfig> Config = Gen.Select(
        Gen.Select(Layer, Gating, (layer, gating) => layer.Moe is { } moe ? layer with { Moe = gating(moe) } : layer).Array[1, 6], Gen.Int[0, 4], Gen.Bool, Gen.Bool, Gen.Int[-1, 49], Gen.Int[0, 49].Array[0, 3], Gen.Float[1e-6f, 1e-3f], Gen.Float[1f, 1e6f],
        (layers, interval, tied, interleaved, bos, eos, epsilon, theta) => FamilyModels.Moiety() with
        {
            // An interval makes the pattern regular, which the compact form of config.json is for.
            FeedForwards = [.. layers.Select((layer, index) =>
                interval == 0 ? layer
                : (index + 1) % interval == 0 ? layer.Moe is null ? FamilyModels.Experts(2, 1, false) : layer
                : new FeedForwardConfig { IntermediateSize = 64 })],
            TieWordEmbeddings = tied,
            Rotary = new RotaryConfig { Theta = theta, Interleaved = interleaved },
            NormEpsilon = epsilon,
            BosTokenId = bos < 0 ? null : bos,
            EosTokenIds = [.. eos],
        });

    [Fact]
    public void Any_configuration_reads_back_from_config_json() => Config.Sample(config =>
    {
        config.Validate();
        JsonObject json = [];
        Family.WriteHuggingFace(config, json);
        Assert.Equal(config, Family.ReadHuggingFace(Parse(json.ToJsonString())));
    }, iter: 1000);

    [Fact]
    public void Any_configuration_reads_back_from_GGUF() => Config.Sample(config =>
    {
        GgufMetadata metadata = new("model.gguf");
        Family.WriteGguf(config, metadata);
        GgufSpecialTokens.Write(config, hasTokenizer: false, metadata);
        Assert.Equal(config, Family.ReadGguf(metadata, name => name == "output.weight" && !config.TieWordEmbeddings));
    }, iter: 1000);

    [Fact]
    public void A_configuration_in_the_words_of_the_paper_is_a_pyramid()
    {
        ModelConfig config = Family.ReadHuggingFace(Parse("""
            {
              "vocab_size": 100, "hidden_size": 64, "num_hidden_layers": 6, "num_attention_heads": 4, "num_key_value_heads": 2,
              "max_position_embeddings": 128, "intermediate_size": 256, "moe_intermediate_size": 128, "rope_theta": 10000,
              "num_experts": [4, 4, 8], "expert_interval": 2, "num_experts_per_tok": 1, "mlp_type": "residual", "norm_topk_prob": false
            }
            """));
        Assert.Equal([0, 4, 0, 4, 0, 8], config.FeedForwards.Select(layer => layer.Moe?.ExpertCount ?? 0));
        Assert.All(config.FeedForwards, layer => Assert.Equal(256, layer.IntermediateSize));
        Assert.True(config.FeedForwards[5].Moe is { Residual: true, TopK: 1, ExpertIntermediateSize: 128, NormalizeTopK: false });
        Assert.Equal(16, config.HeadSize);
    }

    [Theory]
    [InlineData("\"num_experts\": [2]", "num_experts", "1 entries, 2 are needed")]
    [InlineData("\"num_experts\": 4", "num_experts", "must list")]
    [InlineData("\"num_experts\": [2, -1]", "num_experts", "negative")]
    [InlineData("\"num_experts\": [2, 2, 2], \"expert_interval\": 1", "num_experts", "3 entries, 2 are needed")]
    [InlineData("\"num_experts\": 2, \"expert_interval\": 3", "expert_interval", "3 is not between 1 and the 2 layers")]
    [InlineData("\"num_experts\": 2, \"expert_interval\": 1, \"mlp_type\": \"shared\"", "mlp_type", "known: standard, residual")]
    [InlineData("\"num_experts\": 2, \"expert_interval\": 1, \"moe_intermediate_size\": null", "moe_intermediate_size", "missing")]
    [InlineData("\"num_experts\": 2, \"expert_interval\": 1, \"scoring_func\": \"tanh\"", "scoring_func", "known: softmax, sigmoid, hash")]
    [InlineData("\"num_experts\": 2, \"expert_interval\": 1, \"routed_scaling_factor\": [1, 2, 3]", "routed_scaling_factor", "3 entries, 2 are needed")]
    [InlineData("\"num_experts\": [0, 0], \"intermediate_size\": null", "intermediate_size", "missing")]
    [InlineData("\"num_experts\": [0, 2.5]", "num_experts[1]", "2.5, expected an integer")]
    public void Contradictions_are_refused_by_name(string fields, string field, string reason)
    {
        string json = $$"""
            { "vocab_size": 100, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 128, {{fields}}
            """;
        json += fields.Contains("moe_intermediate_size", StringComparison.Ordinal) ? "" : ", \"moe_intermediate_size\": 32";
        json += fields.Contains("\"intermediate_size", StringComparison.Ordinal) ? "}" : ", \"intermediate_size\": 64}";
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => Family.ReadHuggingFace(Parse(json)));
        Assert.Equal(field, error.Field);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    private static JsonField Parse(string json) => JsonField.Parse("config.json", Encoding.UTF8.GetBytes(json));
}
