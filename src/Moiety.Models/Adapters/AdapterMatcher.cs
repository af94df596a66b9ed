using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Layouts;

namespace Moiety.Models.Adapters;

/// <summary>
/// Finds the matrices that an adapter changes. An adapter names the tensors of the files it was made for: a fused tensor serves several
/// matrices, and rotary rows may lie in another order than in the files that are open now.
/// </summary>
internal static class AdapterMatcher
{
    /// <summary>Makes the adapter.</summary>
    /// <param name="path">The adapter, for messages.</param>
    /// <param name="model">The model.</param>
    /// <param name="naming">How files of the adapter's kind name tensors.</param>
    /// <param name="interleaved">The order of rotary rows in files of that kind; null for that of the model.</param>
    /// <param name="factors">The factors by the name of the tensor that they change, without <c>.weight</c>.</param>
    /// <param name="mixture">The experts where the adapter has any.</param>
    /// <exception cref="InvalidInputException">A name or a shape is not the model's.</exception>
    public static LoraAdapter Match(string path, Checkpoint model, TensorNaming naming, bool? interleaved, Dictionary<string, AdapterFactors> factors, AdapterMixture? mixture = null)
    {
        ModelConfig config = model.Config;
        ModelConfig source = config.Rotary is { } rotary ? config with { Rotary = rotary with { Interleaved = interleaved ?? rotary.Interleaved } } : config;
        Dictionary<string, LowRankUpdate> updates = new(StringComparer.Ordinal);
        Dictionary<string, LoraExpertBank> banks = new(StringComparer.Ordinal);
        HashSet<string> used = new(StringComparer.Ordinal);
        TensorLayout layout = new(config, naming);
        foreach (TensorSpec tensor in layout.Tensors.Where(tensor => !tensor.IsVector))
        {
            foreach (TensorPlacement placement in layout.PlacementsOf(tensor))
            {
                string? name = placement.Names.Select(WithoutSuffix).FirstOrDefault(factors.ContainsKey);
                if (name is not null && placement.StackSize == 0)
                {
                    AdapterFactors changed = factors[name];
                    float[] b = Rows(path, model, name, changed, placement, RowOrder.For(tensor, source, config.Rotary?.Interleaved));
                    if (mixture is null)
                    {
                        updates[tensor.Name] = new LowRankUpdate(changed.A, b, changed.Rank, changed.Scale);
                    }
                    else
                    {
                        banks[tensor.Name] = new LoraExpertBank(
                            changed.A, b, changed.Router!, mixture.Experts, mixture.TopK, changed.Rank / mixture.Experts, changed.Scale, mixture.NormalizeTopK);
                    }

                    used.Add(name);
                    break;
                }
            }
        }

        string[] others = [.. factors.Keys.Where(name => !used.Contains(name)).Order(StringComparer.Ordinal)];
        return others.Length == 0
            ? new LoraAdapter(path, updates, banks)
            : throw new InvalidInputException($"{path}: the adapter changes \"{others[0]}\"{(others.Length > 1 ? $" and {others.Length - 1} more" : "")}, which the model {model.Path} ({config.Family}) has no such matrix for. It is for another model.");
    }

    // The rows of B that belong to the matrix, in the model's order.
    private static float[] Rows(string path, Checkpoint model, string name, AdapterFactors factors, TensorPlacement placement, Func<int, int>? order)
    {
        if (factors.Columns != placement.Tensor.Columns || factors.Rows != placement.ItemRows)
        {
            throw new InvalidInputException(
                $"{path}: the adapter changes \"{name}\" as a matrix of [{factors.Rows}, {factors.Columns}]; in the model {model.Path} it has [{placement.ItemRows}, {placement.Tensor.Columns}]. It is for another model.");
        }

        int rows = placement.Rows;
        float[] b = new float[rows * factors.Rank];
        for (int row = 0; row < rows; row++)
        {
            long from = placement.RowInItem(order?.Invoke(row) ?? row);
            factors.B.AsSpan((int)from * factors.Rank, factors.Rank).CopyTo(b.AsSpan(row * factors.Rank));
        }

        return b;
    }

    private static string WithoutSuffix(string name) => name.EndsWith(".weight", StringComparison.Ordinal) ? name[..^".weight".Length] : name;
}
