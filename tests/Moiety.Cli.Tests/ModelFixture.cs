using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers;

namespace Moiety.Cli.Tests;

/// <summary>A folder with small models of random weights, whole and damaged in all the ways that users meet.</summary>
public sealed class ModelFixture : IDisposable
{
    public ModelFixture()
    {
        Directory.CreateDirectory(Folder);
        Tokenizer = BpeTrainer.Train(
            ["Mia has a red kite. Tom has a blue kite.", "Mia went to the market. Tom went to the lake."],
            new BpeTrainerOptions { VocabularySize = 300 });
        using RandomCheckpoint checkpoint = new(SmallModels.Pyramid with { VocabularySize = Tokenizer.VocabularySize, BosTokenId = 0, EosTokenIds = [0] }, seed: 9);
        Gguf = Path.Combine(Folder, "model.gguf");
        GgufWriter.Write(Gguf, checkpoint.Config, TensorSource.From(checkpoint), Tokenizer);
        HuggingFace = Path.Combine(Folder, "model");
        HuggingFaceWriter.Write(HuggingFace, checkpoint.Config, TensorSource.From(checkpoint), Tokenizer);
        Questions = Path.Combine(Folder, "questions.jsonl");
        MoietyProcess.Run("data", "story-world", "--documents", "20", "--kinds", "qa=1", "--out", Questions).Succeeds();
    }

    public string Folder { get; } = Path.Combine(Path.GetTempPath(), $"moiety-cli-tests-{Environment.ProcessId}-{Guid.NewGuid():N}");

    public ByteLevelBpeTokenizer Tokenizer { get; }

    public string Gguf { get; }

    public string HuggingFace { get; }

    public string Questions { get; }

    /// <summary>A new file in the folder.</summary>
    public string File(string name, byte[] content)
    {
        string path = Path.Combine(Folder, name);
        System.IO.File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>A copy of the Hugging Face folder, changed.</summary>
    public string Damaged(string name, Action<string> damage)
    {
        string copy = Path.Combine(Folder, name);
        Directory.CreateDirectory(copy);
        foreach (string file in Directory.GetFiles(HuggingFace))
        {
            System.IO.File.Copy(file, Path.Combine(copy, Path.GetFileName(file)), overwrite: true);
        }

        damage(copy);
        return copy;
    }

    /// <summary>Changes the JSON header of a safetensors file.</summary>
    public static void EditSafetensors(string folder, Action<JsonObject> edit)
    {
        string path = Path.Combine(folder, "model.safetensors");
        byte[] bytes = System.IO.File.ReadAllBytes(path);
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        JsonObject header = JsonNode.Parse(bytes.AsSpan(8, length))!.AsObject();
        edit(header);

        // Padded with spaces to the old length, so that the data stay where they are.
        byte[] edited = Encoding.UTF8.GetBytes(header.ToJsonString());
        Assert.True(edited.Length <= length);
        bytes.AsSpan(8, length).Fill((byte)' ');
        edited.CopyTo(bytes.AsSpan(8));
        System.IO.File.WriteAllBytes(path, bytes);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
