using Moiety.Models.Tokenizers;
using Moiety.Training.Configuration;

namespace Moiety.Training.Tests;

/// <summary>A corpus, a tokenizer and a configuration in a folder: a whole training in a second.</summary>
internal static class SmallCorpus
{
    internal static Tokenizer Tokenizer(int vocabulary) => BpeTrainer.Train(Texts(), new BpeTrainerOptions { VocabularySize = vocabulary });

    private static string[] Texts(string[]? names = null)
    {
        names ??= ["Anna", "Ben", "Clara", "David"];
        string[] things = ["apple", "book", "coat", "drum", "egg"];
        return [.. Enumerable.Range(0, 120).Select(i =>
            $"{names[i % 4]} has a {things[i % 5]}. {names[(i * 7) % 4]} wants the {things[i % 5]}. {names[i % 4]} gives the {things[i % 5]} to {names[(i * 7) % 4]}.")];
    }

    internal static TrainingConfig Write(string folder, long steps = 6, string training = "", string more = "", string[]? names = null)
    {
        string[] texts = Texts(names);
        File.WriteAllText(Path.Combine(folder, "train.txt"), string.Join("\n<|endoftext|>\n", texts));
        File.WriteAllText(Path.Combine(folder, "valid.txt"), string.Join("\n<|endoftext|>\n", texts.Reverse().Take(30)));
        TokenizerJson.WriteFolder(BpeTrainer.Train(texts, new BpeTrainerOptions { VocabularySize = 300 }), Path.Combine(folder, "tokenizer"));
        string json = $$"""
            {
              "model": {
                "hidden_size": 16, "heads": 2, "kv_heads": 1, "context_length": 16,
                "layers": [
                  { "intermediate_size": 24 },
                  { "experts": 4, "top_k": 1, "expert_size": 16, "residual": true, "intermediate_size": 20 }
                ]
              },
              "data": { "train": "train.txt", "validation": "valid.txt", "tokenizer": "tokenizer" },
              "training": { "batch_size": 4, "accumulation": 2, "threads": 1, "steps": {{steps}} {{training}} },
              "optimizer": { "learning_rate": 1e-2, "warmup_steps": 2 },
              "router": { "capacity_factor": 1.0 },
              "intervals": { "log": 1, "evaluation": 4, "checkpoint": 1, "keep": 2 }
              {{more}}
            }
            """;
        string path = Path.Combine(folder, "train.json");
        File.WriteAllText(path, json);
        return TrainingConfigReader.Read(path);
    }
}
