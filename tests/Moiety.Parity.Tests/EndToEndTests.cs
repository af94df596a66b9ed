using System.Numerics.Tensors;
using Moiety.Data;
using Moiety.Decoding;
using Moiety.Inference;
using Moiety.Models.Checkpoints;
using Moiety.Models.Quantization;
using Moiety.Models.Tokenizers;
using Moiety.Numerics.Formats;
using Moiety.Training;
using Moiety.Training.Configuration;

namespace Moiety.Parity.Tests;

/// <summary>The whole line at its smallest: story world, tokenizer, training, export, quantization, engine, text.</summary>
public class EndToEndTests
{
    private const int VocabularySize = 400;

    // A Pyramid-Residual MoE: dense, then 2 experts, then 4, each beside a fixed MLP.
    private const string Recipe = """
        {
          "seed": 3,
          "model": {
            "hidden_size": 64, "heads": 2, "kv_heads": 1, "head_size": 32, "context_length": 128,
            "layers": [
              { "intermediate_size": 128 },
              { "intermediate_size": 64, "residual": true, "experts": 2, "top_k": 1, "expert_size": 64 },
              { "intermediate_size": 64, "residual": true, "experts": 4, "top_k": 2, "expert_size": 64 }
            ]
          },
          "data": { "train": "train.jsonl", "validation": "valid.jsonl", "tokenizer": "tokenizer", "cache": "cache" },
          "training": { "sequence_length": 64, "batch_size": 8, "steps": 120, "threads": 1, "precision": "f32" },
          "optimizer": { "learning_rate": 5e-3, "final_learning_rate": 5e-4, "warmup_steps": 10 }
        }
        """;

    [Fact]
    public void From_the_story_world_to_generated_text()
    {
        using TemporaryFolder folder = new();
        WriteCorpus(folder);
        File.WriteAllText(folder["recipe.json"], Recipe);
        using Trainer trainer = Trainer.Open(TrainingConfigReader.Read(folder["recipe.json"]), folder["run"], resume: false);
        TrainingResult result = trainer.Run();
        Assert.True(result.Completed);
        // A model that has learned nothing is as good as a guess: the logarithm of the vocabulary.
        Assert.InRange(result.Validation!.CrossEntropy, 0.5, Math.Log(VocabularySize) - 1.25);

        trainer.Export(folder["model"]);
        using Checkpoint exported = Checkpoint.Open(folder["model"]);
        Assert.Equal(trainer.Model.ParameterCount, ModelSummary.From(exported).Parameters);
        using Engine engine = Engine.Open(exported, EngineRun.Exact());
        string unseen = Documents(seed: 99).First();
        int[] tokens = exported.Tokenizer!.Encode(unseen)[..100];
        float[][] trained = [.. trainer.Model.Logits(tokens).Chunk(exported.Config.VocabularySize)];
        float[][] served = EngineRun.AllLogits(engine, tokens);
        Assert.InRange(LogitDistance.Relative(trained, served), 0, 1e-5);

        string quantizedPath = folder["model.gguf"];
        Quantizer.Quantize(exported, quantizedPath, new QuantizationPolicy { Format = StorageFormats.Q8_0 });
        using Checkpoint quantized = Checkpoint.Open(quantizedPath);
        using Engine small = Engine.Open(quantized);
        double loss = CrossEntropy(served, tokens);
        Assert.InRange(CrossEntropy(EngineRun.AllLogits(small, tokens), tokens), 0.98 * loss, 1.02 * loss);

        GenerationResult text = new TextGenerator(small, quantized.Tokenizer!).Generate("One day ", new GenerationOptions { MaxTokens = 40 });
        Assert.Equal(text.Text, new TextGenerator(small, quantized.Tokenizer!).Generate("One day ", new GenerationOptions { MaxTokens = 40 }).Text);
        Assert.Matches("[a-z]{2}", text.Text);
        Assert.InRange(text.Tokens.Length, 1, 40);
    }

    private static void WriteCorpus(TemporaryFolder folder)
    {
        new StoryWorldGenerator(new StoryWorldOptions { Seed = 1, Documents = 300, Threads = 1 }).Write(folder["train.jsonl"]);
        new StoryWorldGenerator(new StoryWorldOptions { Seed = 2, Documents = 20, Threads = 1 }).Write(folder["valid.jsonl"]);
        Directory.CreateDirectory(folder["tokenizer"]);
        TokenizerJson.WriteFolder(BpeTrainer.Train(Documents(seed: 1), new BpeTrainerOptions { VocabularySize = VocabularySize }), folder["tokenizer"]);
    }

    private static IEnumerable<string> Documents(ulong seed) =>
        new StoryWorldGenerator(new StoryWorldOptions { Seed = seed, Documents = 300, Threads = 1 }).Generate().Select(document => document.Text);

    // Mean over the tokens after the first, in nats.
    private static double CrossEntropy(float[][] logits, int[] tokens)
    {
        double sum = 0;
        for (int t = 1; t < tokens.Length; t++)
        {
            float[] row = logits[t - 1];
            float highest = TensorPrimitives.Max<float>(row);
            sum += highest + Math.Log(row.Sum(logit => Math.Exp(logit - highest))) - row[tokens[t]];
        }

        return sum / (tokens.Length - 1);
    }
}
