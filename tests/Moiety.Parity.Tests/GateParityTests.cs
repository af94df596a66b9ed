using System.Collections.Immutable;
using Moiety.Inference;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Training.Configuration;
using Moiety.Training.Modules;

namespace Moiety.Parity.Tests;

/// <summary>
/// Layers as training configurations say them, trained with any gate that is served, exported and run by the engine: the same logits, and so
/// the same experts, from both containers.
/// </summary>
public class GateParityTests
{
    private const double Bound = 1e-5;

    public static TheoryData<string> Layers =>
    [
        "\"top_k\": 1",
        "\"top_k\": 3, \"gate\": { \"noise\": \"jitter\" }",
        "\"top_k\": 2, \"normalize_top_k\": false, \"shared_size\": 48, \"shared_gate\": true",
        "\"gate\": \"switch\", \"residual\": true, \"intermediate_size\": 40",
        "\"gate\": \"top-k-softmax\", \"weight_scale\": 1.5",
        "\"gate\": \"sigmoid\", \"top_k\": 2, \"groups\": 4, \"group_top_k\": 2, \"weight_scale\": 2.5, \"shared_size\": 32",
        "\"gate\": \"group-limited\", \"top_k\": 3, \"groups\": 2, \"group_top_k\": 1, \"group_score\": \"best-two\"",
        "\"gate\": \"bias-balanced\", \"top_k\": 2",
        "\"gate\": \"bias-balanced\", \"top_k\": 2, \"gating\": \"softmax\", \"groups\": 4, \"group_top_k\": 3, \"fine_grain\": 2",
        "\"gate\": \"noisy-top-k\"",
        "\"gate\": \"gshard\"",
    ];

    [Theory]
    [MemberData(nameof(Layers))]
    public void A_model_that_was_trained_with_a_gate_gives_the_same_logits_in_the_engine(string words)
    {
        TrainingConfig training = TrainingConfigReader.Parse($$"""
            {
              "model": {
                "hidden_size": 64, "heads": 4, "kv_heads": 2, "context_length": 128,
                "layers": [
                  { "experts": 8, "expert_size": 32, {{words}} },
                  { "intermediate_size": 64 },
                  { "experts": 4, "top_k": 1, "expert_size": 32 }
                ]
              },
              "data": { "train": "none.txt", "tokenizer": "none" },
              "training": { "batch_size": 1, "steps": 1 },
              "optimizer": { "learning_rate": 1e-3 }
            }
            """, "train.json");
        ModelConfig config = training.Model with { VocabularySize = 96, EosTokenIds = [0] };
        using DecoderModule module = new(config, training.Gates);
        using RandomCheckpoint weights = new(config, 21);
        ImmutableArray<TensorSpec> tensors = [.. TensorCatalog.For(config)];
        foreach (TensorSpec tensor in tensors)
        {
            weights.Values(tensor.Name).CopyTo(module.GetParameter(tensor.Name));
        }

        using TemporaryFolder folder = new();
        TensorSource source = TensorSource.From((tensor, values) => module.GetParameter(tensor.Name).CopyTo(values));
        HuggingFaceWriter.Write(folder["model"], config, source, tokenizer: null);
        GgufWriter.Write(folder["model.gguf"], config, source, tokenizer: null);
        int[] tokens = RandomTokens.Draw(9, 100, config.VocabularySize);
        float[][] expected = [.. module.Logits(tokens).Chunk(config.VocabularySize)];
        foreach (string path in (string[])[folder["model"], folder["model.gguf"]])
        {
            using Checkpoint checkpoint = Checkpoint.Open(path);
            Assert.Equal(config.FeedForwards, checkpoint.Config.FeedForwards);
            using Engine engine = Engine.Open(checkpoint, EngineRun.Exact());
            Assert.InRange(LogitDistance.Relative(expected, EngineRun.AllLogits(engine, tokens)), 0, Bound);
        }
    }
}
