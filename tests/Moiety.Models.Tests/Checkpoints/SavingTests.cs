using System.Diagnostics;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Tests.Checkpoints;

/// <summary>What is saved is complete, or what was there before is still there, and nothing else.</summary>
public sealed class SavingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_full_disk_gives_a_clean_error_and_leaves_nothing()
    {
        string disk = _folder["disk"];
        Directory.CreateDirectory(disk);
        using Process mount = Process.Start(new ProcessStartInfo("sh", ["-c", $"mount -t tmpfs -o size=256k tmpfs '{disk}' 2>&1"]) { RedirectStandardOutput = true })!;
        string reason = mount.StandardOutput.ReadToEnd();
        mount.WaitForExit();
        Assert.SkipUnless(mount.ExitCode == 0, $"a small file system cannot be mounted here: {reason.Trim()}");
        try
        {
            // A megabyte and more for a disk of a quarter.
            ModelConfig config = FamilyModels.Llama() with { VocabularySize = 2000 };
            string file = Path.Combine(disk, "model.gguf");
            File.WriteAllText(file, "old");
            Full(file, () => GgufWriter.Write(file, config, RandomWeights.Source(), tokenizer: null));
            string folder = Path.Combine(disk, "model");
            HuggingFaceWriter.Write(folder, FamilyModels.Llama() with { VocabularySize = 8, FeedForwards = [new() { IntermediateSize = 32 }] }, RandomWeights.Source(), tokenizer: null);
            byte[] before = File.ReadAllBytes(Path.Combine(folder, "model.safetensors"));
            Full(folder, () => HuggingFaceWriter.Write(folder, config, RandomWeights.Source(), tokenizer: null));
            Assert.Equal("old", File.ReadAllText(file));
            Assert.Equal(before, File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
            Assert.Equal(2, Directory.GetFileSystemEntries(disk).Length);
        }
        finally
        {
            using Process unmount = Process.Start("umount", [disk]);
            unmount.WaitForExit();
        }

        static void Full(string path, Action write)
        {
            InvalidInputException error = Assert.Throws<InvalidInputException>(write);
            Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
            Assert.Contains("the disk is full", error.Message, StringComparison.Ordinal);
            Assert.Matches("[0-9]{6,} bytes are needed", error.Message);
        }
    }

    [Fact]
    public void A_failure_in_the_middle_keeps_the_old_files()
    {
        ModelConfig config = FamilyModels.Llama();
        GgufWriter.Write(_folder["model.gguf"], config, RandomWeights.Source(1), tokenizer: null);
        HuggingFaceWriter.Write(_folder["model"], config, RandomWeights.Source(1), tokenizer: null);
        byte[] file = File.ReadAllBytes(_folder["model.gguf"]);
        byte[] weights = File.ReadAllBytes(_folder["model/model.safetensors"]);
        int tensors = 0;
        TensorSource failing = TensorSource.From((_, destination) =>
        {
            destination.Fill(1);
            if (++tensors % 10 == 0)
            {
                throw new IOException("the source broke");
            }
        });
        Assert.Throws<InvalidInputException>(() => GgufWriter.Write(_folder["model.gguf"], config, failing, tokenizer: null));
        Assert.Throws<InvalidInputException>(() => HuggingFaceWriter.Write(_folder["model"], config, failing, tokenizer: null));
        Assert.Equal(file, File.ReadAllBytes(_folder["model.gguf"]));
        Assert.Equal(weights, File.ReadAllBytes(_folder["model/model.safetensors"]));
        Assert.Equal(2, Directory.GetFileSystemEntries(_folder.Path).Length);
    }

    [Fact]
    public void A_new_model_replaces_the_old_one_with_all_its_shards()
    {
        ModelConfig config = FamilyModels.Llama();
        HuggingFaceWriter.Write(_folder["model"], config, RandomWeights.Source(1), tokenizer: null, new HuggingFaceOptions { MaxShardBytes = 20_000 });
        HuggingFaceWriter.Write(_folder["model"], config, RandomWeights.Source(2), tokenizer: null);
        Assert.Equal(
            ["config.json", "generation_config.json", "model.safetensors"],
            Directory.GetFiles(_folder["model"]).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
        using Checkpoint checkpoint = Checkpoint.Open(_folder["model"]);
        TensorSpec embedding = TensorCatalog.For(config).First();
        Assert.Equal(RandomWeights.Values(embedding, seed: 2), Bytes.Floats(checkpoint.GetTensor(embedding.Name)));
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void A_folder_with_other_peoples_files_is_not_replaced()
    {
        Directory.CreateDirectory(_folder["home"]);
        File.WriteAllText(_folder["home/thesis.tex"], "years of work");
        InvalidInputException error = Assert.Throws<InvalidInputException>(
            () => HuggingFaceWriter.Write(_folder["home"], FamilyModels.Llama(), RandomWeights.Source(), tokenizer: null));
        Assert.Contains("thesis.tex", error.Message, StringComparison.Ordinal);
        Assert.Equal("years of work", File.ReadAllText(_folder["home/thesis.tex"]));
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void A_file_is_not_written_over_a_folder_nor_a_folder_over_a_file()
    {
        Directory.CreateDirectory(_folder["folder"]);
        File.WriteAllText(_folder["file"], "content");
        Assert.Throws<InvalidInputException>(() => GgufWriter.Write(_folder["folder"], FamilyModels.Llama(), RandomWeights.Source(), tokenizer: null));
        Assert.Throws<InvalidInputException>(() => HuggingFaceWriter.Write(_folder["file"], FamilyModels.Llama(), RandomWeights.Source(), tokenizer: null));
        Assert.Equal("content", File.ReadAllText(_folder["file"]));
    }

    [Fact]
    public void Canceling_leaves_nothing()
    {
        using CancellationTokenSource source = new();
        Cancel cancel = new(source);
        Assert.ThrowsAny<OperationCanceledException>(() => GgufWriter.Write(
            _folder["model.gguf"], FamilyModels.Llama(), RandomWeights.Source(), tokenizer: null, options: null, cancel, source.Token));
        using CancellationTokenSource second = new();
        Assert.ThrowsAny<OperationCanceledException>(() => HuggingFaceWriter.Write(
            _folder["model"], FamilyModels.Llama(), RandomWeights.Source(), tokenizer: null, options: null, new Cancel(second), second.Token));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void Progress_ends_with_every_byte()
    {
        List<CheckpointProgress> reports = [];
        GgufWriter.Write(_folder["model.gguf"], FamilyModels.Moiety(), RandomWeights.Source(), tokenizer: null, options: null, new Collect(reports));
        Assert.Equal(TensorCatalog.For(FamilyModels.Moiety()).Count(), reports.Count);
        Assert.Equal(reports[^1].TotalBytes, reports[^1].BytesWritten);
        Assert.Equal(reports.OrderBy(report => report.BytesWritten), reports);
    }

    [Theory]
    [InlineData(float.NaN, "F32", "is not a finite number")]
    [InlineData(float.PositiveInfinity, "Q8_0", "is not a finite number")]
    [InlineData(float.NaN, "Q4_0", "is not a finite number")]
    [InlineData(70000f, "F16", "does not fit the range of F16")]
    public void A_weight_that_cannot_be_stored_is_named(float value, string format, string reason)
    {
        TensorSource source = TensorSource.From((tensor, destination) =>
        {
            destination.Fill(0.5f);
            if (tensor.Name == TensorNames.Up(1))
            {
                destination[(3 * tensor.Columns) + 7] = value;
            }
        });
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => GgufWriter.Write(
            _folder["model.gguf"], FamilyModels.Llama(), source, tokenizer: null, new GgufOptions { FormatFor = _ => StorageFormats.ByName(format) }));
        Assert.Contains(TensorNames.Up(1), error.Message, StringComparison.Ordinal);
        Assert.Contains("row 3, column 7", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    private sealed class Cancel(CancellationTokenSource source) : IProgress<CheckpointProgress>
    {
        public void Report(CheckpointProgress value) => source.Cancel();
    }

    private sealed class Collect(List<CheckpointProgress> reports) : IProgress<CheckpointProgress>
    {
        public void Report(CheckpointProgress value) => reports.Add(value);
    }
}
