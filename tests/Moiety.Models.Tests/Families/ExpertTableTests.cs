using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Tests.Families;

/// <summary>The tables of hash routing are whole numbers: they come through every container as they are, whatever format the weights get.</summary>
public class ExpertTableTests
{
    // bfloat16 holds whole numbers up to 256 only.
    private const int Experts = 300;

    private static readonly ModelConfig Config = FamilyModels.Moiety() with
    {
        FeedForwards = [FamilyModels.Experts(Experts, 1, false) with { Moe = FamilyModels.Experts(Experts, 1, false).Moe! with { Gating = GatingKind.Hash, ExpertIntermediateSize = 32 } }],
    };

    private static readonly float[] Table = [.. Enumerable.Range(0, Config.VocabularySize).Select(id => (float)((id * 37) % Experts))];

    [Fact]
    public void A_table_comes_through_a_folder_of_bfloat16_and_a_GGUF_file_of_Q8_0_unrounded()
    {
        using TemporaryFolder folder = new();
        TensorSource weights = TensorSource.From((tensor, values) =>
        {
            if (tensor.Role == TensorRole.ExpertTable)
            {
                Table.CopyTo(values);
            }
            else
            {
                RandomWeights.Values(tensor).CopyTo(values);
            }
        });
        HuggingFaceWriter.Write(folder["folder"], Config, weights, tokenizer: null, new HuggingFaceOptions { Format = StorageFormats.BF16 });
        GgufWriter.Write(folder["model.gguf"], Config, weights, tokenizer: null, new GgufOptions { FormatFor = _ => StorageFormats.Q8_0 });
        foreach (string path in (string[])[folder["folder"], folder["model.gguf"]])
        {
            using Checkpoint checkpoint = Checkpoint.Open(path);
            Assert.Equal(GatingKind.Hash, checkpoint.Config.FeedForwards[0].Moe!.Gating);
            Assert.Equal(Table, Values(checkpoint));
            Assert.DoesNotContain(TensorNames.Router(0), checkpoint.TensorNames);
        }
    }

    [Fact]
    public void Another_familys_files_cannot_say_hash_routing()
    {
        ModelConfig config = Config with { Family = "mixtral" };
        using TemporaryFolder folder = new();
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => HuggingFaceWriter.Write(folder["folder"], config, RandomWeights.Source(), tokenizer: null));
        Assert.Contains("Gating", error.Message, StringComparison.Ordinal);
    }

    private static unsafe float[] Values(Checkpoint checkpoint)
    {
        Numerics.Matrix matrix = checkpoint.GetTensor(TensorNames.ExpertTable(0));
        Assert.Equal(StorageFormats.F32, matrix.Format);
        return new ReadOnlySpan<float>(matrix.Data, checked(matrix.Rows * matrix.Columns)).ToArray();
    }
}
