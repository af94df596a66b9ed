using System.Collections.Immutable;
using System.Globalization;
using Moiety.Models;
using Moiety.Models.Configuration;

namespace Moiety.Training.Distillation;

/// <summary>
/// A student that is its teacher with fewer layers (arXiv 2201.05596, section 4.2: 24 layers become 21, 32 and 64 experts in 10 + 2 layers
/// become 8 + 2). The pyramid's tail, all layers from the first with the most experts on, is kept: later layers need their experts more.
/// What goes is spread evenly over the layers before it; the first layer stays. Without a pyramid the tail is the last layer.
/// </summary>
public static class DepthReduction
{
    private const string LayerPrefix = "model.layers.";

    /// <summary>The layers of the teacher that the student keeps, in order.</summary>
    /// <param name="teacher">The teacher.</param>
    /// <param name="layers">Layers of the student.</param>
    /// <exception cref="InvalidInputException">The student would be deeper than its teacher, or have no layer.</exception>
    public static ImmutableArray<int> KeptLayers(ModelConfig teacher, int layers)
    {
        ArgumentNullException.ThrowIfNull(teacher);
        if (layers < 1 || layers > teacher.LayerCount)
        {
            throw new InvalidInputException($"A student of {layers} layers cannot be made of a teacher of {teacher.LayerCount}: the number of layers is from 1 to the teacher's.");
        }

        int head = TailStart(teacher);
        int removed = teacher.LayerCount - layers;
        if (removed >= head)
        {
            return [.. Enumerable.Range(removed, layers)];
        }

        HashSet<int> gone = [.. Enumerable.Range(1, removed).Select(i => (int)((long)i * head / (removed + 1)))];
        return [.. Enumerable.Range(0, teacher.LayerCount).Where(layer => !gone.Contains(layer))];
    }

    /// <summary>The student's configuration.</summary>
    /// <inheritdoc cref="KeptLayers"/>
    public static ModelConfig Describe(ModelConfig teacher, int layers)
    {
        ImmutableArray<int> kept = KeptLayers(teacher, layers);
        return teacher with
        {
            FeedForwards = [.. kept.Select(layer => teacher.FeedForwards[layer])],
            LayerAttentions = teacher.LayerAttentions.IsEmpty ? [] : [.. kept.Select(layer => teacher.LayerAttentions[layer])],
        };
    }

    /// <summary>The teacher's tensor that a student's parameter comes from.</summary>
    /// <param name="name">Canonical name of the parameter.</param>
    /// <param name="kept">What <see cref="KeptLayers"/> gave.</param>
    internal static string TeacherName(string name, ImmutableArray<int> kept)
    {
        if (!name.StartsWith(LayerPrefix, StringComparison.Ordinal))
        {
            return name;
        }

        int end = name.IndexOf('.', LayerPrefix.Length);
        int layer = int.Parse(name.AsSpan(LayerPrefix.Length, end - LayerPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture);
        return $"{LayerPrefix}{kept[layer].ToString(CultureInfo.InvariantCulture)}{name[end..]}";
    }

    private static int TailStart(ModelConfig teacher)
    {
        int[] experts = [.. teacher.FeedForwards.Select(layer => layer.Moe?.ExpertCount ?? 0)];
        int most = experts.Max();
        return experts.Where(count => count > 0).Distinct().Count() > 1 ? Array.IndexOf(experts, most) : teacher.LayerCount - 1;
    }
}
