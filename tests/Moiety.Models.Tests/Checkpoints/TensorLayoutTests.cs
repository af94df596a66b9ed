using System.Collections.Immutable;
using CsCheck;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Models.Families.Layouts;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Tests.Checkpoints;

/// <summary>
/// Whatever layout a family declares, a file has the bytes that the layout says, by an element-wise description of it, and reading it
/// gives back the canonical tensors bit for bit.
/// </summary>
public sealed class TensorLayoutTests : IDisposable
{
    private const string Attention = "blk.{layer}.attention.";
    private const string Inner = "blk.{layer}.mlp.";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Any_layout_is_written_as_declared_and_read_back()
    {
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 2], Gen.Bool, Gen.Bool, Gen.Bool, Gen.Int[0, 3]).Sample((attention, gates, transposed, experts, stacked, formatIndex) =>
        {
            StorageFormat format = ((StorageFormat[])[StorageFormats.F32, StorageFormats.F16, StorageFormats.BF16, StorageFormats.Q8_0])[formatIndex];
            bool turned = transposed && format.BlockLength == 1;
            ModelConfig config = Config(experts);
            TensorNaming naming = Naming(attention, gates, turned, experts, stacked);
            using RandomCheckpoint model = new(config, seed: 7, format);
            string path = _folder[$"{Guid.NewGuid():N}.gguf"];
            ImmutableArray<PlannedTensor> plan = Write(path, config, naming, model);
            using GgufFile file = GgufFile.Open(path);
            foreach (PlannedTensor tensor in plan)
            {
                Assert.Equal(tensor.Declaration.Shape.AsEnumerable(), file.Tensors[tensor.Declaration.Name].Shape.AsEnumerable());
                Assert.Equal(Described(tensor, model), Bytes.Floats(View(file, tensor.Declaration.Name)));
            }

            foreach ((string name, CheckpointTensor tensor) in Read(file, config, naming))
            {
                using CheckpointTensor read = tensor;
                Matrix expected = model.GetTensor(name);
                Matrix passing = read.Open(out IDisposable? copy);
                Assert.Equal(Bytes.Of(expected), Bytes.Of(passing));
                copy?.Dispose();
                Matrix actual = read.Get();
                Assert.Equal(new TensorDescription(actual.Format, actual.Rows, actual.Columns), read.Description);
                Assert.Equal((expected.Format, expected.Rows, expected.Columns), (actual.Format, actual.Rows, actual.Columns));
                Assert.Equal(Bytes.Of(expected), Bytes.Of(actual));
                Assert.Same(actual, read.Get());
            }
        }, iter: 150);
    }

    [Fact]
    public void Rows_that_follow_each_other_are_views()
    {
        ModelConfig config = Config(experts: true);
        TensorNaming naming = Naming(attention: 1, gates: 1, transposed: false, experts: true, stacked: true);
        using RandomCheckpoint model = new(config, seed: 7, StorageFormats.Q8_0);
        Write(_folder["views.gguf"], config, naming, model);
        using GgufFile file = GgufFile.Open(_folder["views.gguf"]);
        Assert.All(Read(file, config, naming), pair => Assert.Same(file.Mapping, pair.Value.Get().Owner));
    }

    [Fact]
    public void A_quantized_tensor_that_is_stored_transposed_is_decoded()
    {
        ModelConfig config = Config(experts: false);
        TensorNaming naming = TensorNaming.Gguf.With((TensorRole.Down, new TensorLocation("blk.{layer}.ffn_down.weight").Transposed()));
        using RandomCheckpoint model = new(config, seed: 7, StorageFormats.Q8_0);
        PlannedTensor down = PlannedTensor.Plan(config, naming, tensor => model.Describe(tensor.Name).Format).First(tensor => tensor.Declaration.Name == "blk.0.ffn_down.weight");
        Assert.Equal(StorageFormats.F32, down.Declaration.Format);

        // The file has [inner, hidden] in blocks along the hidden side.
        TensorDeclaration declaration = down.Declaration with { Format = StorageFormats.Q8_0 };
        float[] values = Described(down, model);
        byte[] blocks = new byte[declaration.ByteLength];
        StorageFormats.Q8_0.Quantize(values, blocks);
        using (FileStream stream = File.Create(_folder["transposed.gguf"]))
        {
            GgufFileWriter writer = new(stream, new GgufMetadata("transposed.gguf"), [declaration]);
            writer.Write(declaration, blocks);
            writer.Complete();
        }

        using GgufFile file = GgufFile.Open(_folder["transposed.gguf"]);
        using CheckpointTensor read = new(down.Parts[0], new MappedTensor(file.Mapping, file.Tensors[declaration.Name]));
        float[] stored = Bytes.Floats(View(file, declaration.Name));
        float[] actual = Bytes.Floats(read.Get());
        int rows = down.Parts[0].Rows;
        int columns = down.Parts[0].Columns;
        Assert.Equal([.. Enumerable.Range(0, rows * columns).Select(i => stored[(i % columns * rows) + (i / columns)])], actual);
    }

    [Fact]
    public void Norms_that_multiply_by_one_more_than_is_stored_come_back_exactly()
    {
        ModelConfig config = Config(experts: false);
        TensorNaming naming = TensorNaming.Gguf.With((TensorRole.FinalNorm, new TensorLocation("output_norm.weight").Plus(1)));
        using RandomCheckpoint model = new(config, seed: 7);
        Write(_folder["norm.gguf"], config, naming, model);
        using GgufFile file = GgufFile.Open(_folder["norm.gguf"]);
        float[] expected = model.Values(TensorNames.FinalNorm);
        Assert.Equal([.. expected.Select(value => value - 1)], Bytes.Floats(View(file, "output_norm.weight")));
        using CheckpointTensor norm = Read(file, config, naming).Single(pair => pair.Key == TensorNames.FinalNorm).Value;
        Assert.Equal(expected, Bytes.Floats(norm.Get()));
    }

    [Fact]
    public void The_first_name_that_the_file_has_is_read_and_the_first_of_all_is_written()
    {
        ModelConfig config = Config(experts: false);
        TensorNaming written = TensorNaming.HuggingFace.With((TensorRole.Down, "layers.{layer}.w2.weight")).WithRoots("model.", "");
        TensorNaming read = TensorNaming.HuggingFace.WithRoots("model.", "", "language_model.")
            .With((TensorRole.Down, new TensorLocation("layers.{layer}.w1.weight").Transposed().Or(new TensorLocation("layers.{layer}.w3.weight", "layers.{layer}.w2.weight"))));
        using RandomCheckpoint model = new(config, seed: 7);
        foreach (string root in (string[])["model.", "", "language_model."])
        {
            TensorNaming files = root == "model." ? written : Renamed(written, root);
            Write(_folder["names.gguf"], config, files, model);
            using GgufFile file = GgufFile.Open(_folder["names.gguf"]);
            Assert.Contains($"{root}norm.weight", file.Tensors.Keys);
            Assert.All(Read(file, config, read), pair => Assert.Equal(model.Values(pair.Key), Bytes.Floats(pair.Value.Get())));
        }
    }

    [Fact]
    public void A_tensor_that_may_be_absent_has_its_value_throughout()
    {
        ModelConfig config = Config(experts: false);
        using RandomCheckpoint model = new(config, seed: 7);
        TensorNaming naming = TensorNaming.Gguf;
        Write(_folder["absent.gguf"], config with { Attention = new() }, naming, model);
        using GgufFile file = GgufFile.Open(_folder["absent.gguf"]);
        Assert.Contains("blk.0.attn_q.bias", Assert.Throws<InvalidCheckpointException>(() => Read(file, config, naming)).Message, StringComparison.Ordinal);
        TensorNaming optional = naming.With(
            (TensorRole.QueryBias, new TensorLocation("blk.{layer}.attn_q.bias").OrElse(0)),
            (TensorRole.KeyBias, new TensorLocation("blk.{layer}.attn_k.bias").OrElse(0)),
            (TensorRole.ValueBias, new TensorLocation("blk.{layer}.attn_v.bias").OrElse(0.5f)));
        using CheckpointTensor bias = Read(file, config, optional).Single(pair => pair.Key == TensorNames.ValueBias(1)).Value;
        Assert.Equal([.. Enumerable.Repeat(0.5f, 32)], Bytes.Floats(bias.Get()));
    }

    [Theory]
    [InlineData(new long[] { 1, 64 }, true)]
    [InlineData(new long[] { 64, 1, 1 }, true)]
    [InlineData(new long[] { 8, 8 }, false)]
    [InlineData(new long[] { 63 }, false)]
    public void Dimensions_of_size_one_do_not_matter(long[] shape, bool accepted) =>
        Assert.Equal(accepted, Place(TensorRole.FinalNorm).Accepts([.. shape]));

    [Theory]
    [InlineData(new long[] { 64, 64 }, true)]
    [InlineData(new long[] { 4, 16, 64 }, true)]
    [InlineData(new long[] { 64, 64, 1, 1 }, true)]
    [InlineData(new long[] { 64, 4, 16 }, false)]
    [InlineData(new long[] { 4096 }, false)]
    [InlineData(new long[] { 4294967296, 4294967296, 64 }, false)]
    public void Rows_may_be_split_over_leading_dimensions(long[] shape, bool accepted) =>
        Assert.Equal(accepted, Place(TensorRole.Query).Accepts([.. shape]));

    [Fact]
    public void Rows_that_no_group_divides_are_refused()
    {
        ModelConfig config = Config(experts: false) with { FeedForwards = [new FeedForwardConfig { IntermediateSize = 96 }] };
        TensorNaming naming = TensorNaming.Gguf.WithFused(new TensorLocation("x.{layer}").Fused(RowGroups.Rows, TensorRole.Query, TensorRole.Key));
        Assert.Contains("groups", Assert.Throws<InvalidInputException>(() => PlannedTensor.Plan(config, naming, _ => StorageFormats.F32)).Message, StringComparison.Ordinal);
    }

    private static TensorPlacement Place(TensorRole role)
    {
        TensorLayout layout = new(Config(experts: false), TensorNaming.Gguf);
        return layout.PlacementOf(layout.Tensors.First(tensor => tensor.Role == role));
    }

    private static TensorNaming Renamed(TensorNaming naming, string root) => naming.With(
        [.. Enum.GetValues<TensorRole>().Select(role => (role, (TensorLocation)(naming.LocationOf(role).Names[0] is var name && name.StartsWith("model.", StringComparison.Ordinal) ? root + name[6..] : name)))]);

    // Attention and gates: 0 for tensors of their own, 1 for parts below each other, 2 for parts in turns.
    private static TensorNaming Naming(int attention, int gates, bool transposed, bool experts, bool stacked)
    {
        TensorLocation At(string name) => transposed ? new TensorLocation(name).Transposed() : name;
        TensorNaming naming = TensorNaming.Gguf.With((TensorRole.Embedding, At("embedding")), (TensorRole.AttentionOutput, At(Attention + "out")));
        if (attention > 0)
        {
            RowGroups groups = attention == 1 ? RowGroups.One : RowGroups.KeyValueHeads;
            naming = naming
                .WithFused(At(Attention + "qkv.weight").Fused(groups, TensorRole.Query, TensorRole.Key, TensorRole.Value))
                .WithFused(At(Attention + "qkv.bias").Fused(groups, TensorRole.QueryBias, TensorRole.KeyBias, TensorRole.ValueBias));
        }

        string expert = Inner + (stacked || !experts ? "" : "{expert}.");
        (TensorRole gate, TensorRole up, TensorRole down) = experts
            ? (TensorRole.ExpertGate, TensorRole.ExpertUp, TensorRole.ExpertDown)
            : (TensorRole.Gate, TensorRole.Up, TensorRole.Down);
        naming = naming.With((gate, At(expert + "gate")), (up, At(expert + "up")), (down, At(expert + "down")));
        naming = naming.With((TensorRole.ExpertGateBias, expert + "gate.bias"), (TensorRole.ExpertUpBias, expert + "up.bias"), (TensorRole.ExpertDownBias, expert + "down.bias"));
        if (gates > 0)
        {
            RowGroups groups = gates == 1 ? RowGroups.One : RowGroups.Rows;
            naming = naming
                .WithFused(At(expert + "gate_up").Fused(groups, gate, up))
                .WithFused(At(expert + "gate_up.bias").Fused(groups, TensorRole.ExpertUpBias, TensorRole.ExpertGateBias));
        }

        return naming;
    }

    private static ImmutableArray<PlannedTensor> Write(string path, ModelConfig config, TensorNaming naming, RandomCheckpoint model)
    {
        ImmutableArray<PlannedTensor> plan = PlannedTensor.Plan(config, naming, tensor => model.Describe(tensor.Name).Format);
        using FileStream stream = File.Create(path);
        GgufFileWriter writer = new(stream, new GgufMetadata(path), plan.Select(tensor => tensor.Declaration));
        List<string> finished = [];
        foreach (PlannedTensor tensor in plan)
        {
            TensorAssembler.Write(
                tensor, TensorSource.From(model), new TensorEncoding(_ => null), bytes => writer.Write(tensor.Declaration, bytes), part => finished.Add(part.Name), TestContext.Current.CancellationToken);
        }

        writer.Complete();
        Assert.Equal(TensorCatalog.For(config).Select(tensor => tensor.Name).Order(StringComparer.Ordinal), finished.Order(StringComparer.Ordinal));
        return plan;
    }

    private static IReadOnlyList<KeyValuePair<string, CheckpointTensor>> Read(GgufFile file, ModelConfig config, TensorNaming naming) => TensorTable.Match(
        file.Path, config, ModelFamilies.Get("llama"), naming, file.Tensors.ToDictionary(pair => pair.Key, pair => (FileTensor)new MappedTensor(file.Mapping, pair.Value)));

    // The file's tensor element by element: experts, then rows, each row taken from the part whose turn it is.
    private static float[] Described(PlannedTensor tensor, RandomCheckpoint model)
    {
        List<float> values = [];
        foreach (IGrouping<int, TensorPlacement> expert in tensor.Parts.GroupBy(part => part.Tensor.Expert))
        {
            List<float[]> rows = [];
            TensorPlacement[] parts = [.. expert];
            RowGroups kind = parts[0].Location.Parts.Length > 1 ? parts[0].Location.Groups : RowGroups.One;
            int turns = kind switch { RowGroups.One => 1, RowGroups.KeyValueHeads => model.Config.KeyValueHeadCount, _ => parts[0].Rows };
            for (int turn = 0; turn < turns; turn++)
            {
                foreach (TensorRole role in parts[0].Location.Parts.IsEmpty ? [parts[0].Tensor.Role] : parts[0].Location.Parts)
                {
                    TensorPlacement part = parts.Single(candidate => candidate.Tensor.Role == role);
                    float[] all = model.Values(part.Tensor.Name);
                    rows.AddRange(all.Chunk(part.Columns).Skip(turn * (part.Rows / turns)).Take(part.Rows / turns));
                }
            }

            bool turned = parts[0].Location.IsTransposed && !parts[0].Tensor.IsVector;
            values.AddRange(turned
                ? Enumerable.Range(0, rows[0].Length).SelectMany(column => rows.Select(row => row[column]))
                : rows.SelectMany(row => row));
        }

        return [.. values];
    }

    private static unsafe Matrix View(GgufFile file, string name)
    {
        StoredTensor tensor = file.Tensors[name];
        int columns = (int)tensor.Shape[^1];
        int rows = (int)(tensor.Shape.Aggregate(1L, (product, size) => product * size) / columns);
        return new Matrix(tensor.Format!, rows, columns, file.Mapping.Slice(tensor.Offset, tensor.ByteLength), file.Mapping);
    }

    private static ModelConfig Config(bool experts) => FamilyModels.Llama() with
    {
        Attention = new AttentionConfig { QueryKeyValueBias = true },
        FeedForwards =
        [
            .. Enumerable.Repeat(experts
                ? new FeedForwardConfig { IntermediateSize = 0, Moe = FamilyModels.Experts(3, 2, true).Moe! with { ExpertBias = true } }
                : new FeedForwardConfig { IntermediateSize = 96 }, 2),
        ],
    };
}
