using System.Collections.Immutable;
using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Numerics;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// Matches what files hold against what a configuration calls for: every tensor there, with its shape, and none besides.
/// Stacked experts become one view for each expert.
/// </summary>
internal static class TensorTable
{
    private const int NamesInMessage = 5;

    /// <summary>Views by canonical name, in the order of the forward pass.</summary>
    /// <param name="path">The checkpoint, for messages.</param>
    /// <param name="config">What the files must hold.</param>
    /// <param name="family">What else they may hold.</param>
    /// <param name="naming">How they name it.</param>
    /// <param name="files">What they hold.</param>
    /// <exception cref="InvalidCheckpointException">A tensor is missing, has another shape, or is not called for.</exception>
    public static IReadOnlyList<KeyValuePair<string, Matrix>> Match(
        string path, ModelConfig config, ModelFamily family, TensorNaming naming, IReadOnlyDictionary<string, MappedTensor> files)
    {
        List<KeyValuePair<string, Matrix>> views = [];
        HashSet<string> used = new(StringComparer.Ordinal);
        foreach (TensorSpec tensor in TensorCatalog.For(config))
        {
            string name = naming.NameOf(tensor);
            ImmutableArray<long> expected = ShapeInFile(tensor, naming, config);
            if (!files.TryGetValue(name, out MappedTensor found))
            {
                throw new InvalidCheckpointException(path, $"tensor \"{name}\"", $"it is missing; the configuration calls for it with shape {TensorShape.Text(expected)}");
            }

            if (!found.Tensor.Shape.AsSpan().SequenceEqual(expected.AsSpan()))
            {
                throw new InvalidCheckpointException(found.File.Path, $"tensor \"{name}\"",
                    $"found shape {found.Tensor.ShapeText}, the configuration calls for {TensorShape.Text(expected)}");
            }

            used.Add(name);
            views.Add(new(tensor.Name, View(tensor, found, naming.IsStacked(tensor))));
        }

        RefuseOthers(path, config, family, files, used);
        return views;
    }

    /// <summary>The shape of the tensor of the file that holds this one, outermost first.</summary>
    public static ImmutableArray<long> ShapeInFile(TensorSpec tensor, TensorNaming naming, ModelConfig config)
    {
        ImmutableArray<long> shape = tensor.IsVector ? [tensor.Columns] : [tensor.Rows, tensor.Columns];
        return naming.IsStacked(tensor) ? shape.Insert(0, config.FeedForwards[tensor.Layer].Moe!.ExpertCount) : shape;
    }

    private static unsafe Matrix View(TensorSpec tensor, MappedTensor found, bool stacked)
    {
        long bytes = found.Tensor.Format.RowBytes(tensor.Columns) * tensor.Rows;
        long offset = found.Tensor.Offset + (stacked ? bytes * tensor.Expert : 0);
        return new Matrix(found.Tensor.Format, tensor.Rows, tensor.Columns, found.File.Slice(offset, bytes), found.File);
    }

    private static void RefuseOthers(
        string path, ModelConfig config, ModelFamily family, IReadOnlyDictionary<string, MappedTensor> files, HashSet<string> used)
    {
        string[] others = [.. files.Keys.Where(name => !used.Contains(name) && !family.IsIgnored(name, config)).Order(StringComparer.Ordinal)];
        if (others.Length > 0)
        {
            string more = others.Length > NamesInMessage ? ", …" : "";
            throw new InvalidCheckpointException(path, $"tensor \"{others[0]}\"",
                $"the configuration does not call for it ({others.Length} such: {string.Join(", ", others.Take(NamesInMessage))}{more})");
        }
    }
}
