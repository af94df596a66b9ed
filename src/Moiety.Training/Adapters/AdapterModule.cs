using Moiety.Models;
using Moiety.Models.Adapters;
using Moiety.Models.Configuration;
using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Adapters;

/// <summary>
/// The trained part of a frozen model: low-rank updates of its matrices, or banks of low-rank experts. It has a store of its own, so that
/// gradients and moments exist for the factors alone. B starts at zero: the first model is the frozen one, bit by bit.
/// </summary>
internal sealed class AdapterModule : IDisposable
{
    private readonly ParameterStore _frozen;
    private readonly Dictionary<int, LeafUpdates> _byLeaf = [];
    private readonly List<AdapterUpdate> _updates = [];

    /// <summary>Declares the factors of all matrices that the targets mean.</summary>
    /// <param name="options">The adapter.</param>
    /// <param name="config">The frozen model.</param>
    /// <param name="frozen">Its parameters, declared.</param>
    /// <exception cref="InvalidInputException">A target means no matrix, or one that cannot be adapted, or the rank is too large.</exception>
    internal AdapterModule(AdapterOptions options, ModelConfig config, ParameterStore frozen)
    {
        Options = options;
        _frozen = frozen;
        Store = new ParameterStore(frozen.Device);
        foreach (AdaptableModule module in Resolve(options, config))
        {
            TensorSpec tensor = module.Tensor;
            AdapterUpdate update = options.IsRouted
                ? new RoutedUpdate(Store, options, tensor, _updates.Count)
                : new PlainUpdate(Store, options, tensor, _updates.Count);
            _updates.Add(update);
            (int leaf, (string Name, long Rows)[] parts) = frozen.LeafOf(tensor.Name);
            if (!_byLeaf.TryGetValue(leaf, out LeafUpdates? updates))
            {
                _byLeaf.Add(leaf, updates = new LeafUpdates([.. parts.Select(part => part.Rows)], new AdapterUpdate?[parts.Length]));
            }

            updates.OfParts[Array.FindIndex(parts, part => part.Name == tensor.Name)] = update;
        }

        Store.Allocate();
    }

    /// <summary>What was built.</summary>
    internal AdapterOptions Options { get; }

    /// <summary>The factors and their gradients.</summary>
    internal ParameterStore Store { get; }

    /// <summary>Draws A and routers; B is zero.</summary>
    internal void Initialize(ulong seed)
    {
        foreach (AdapterUpdate update in _updates)
        {
            update.Initialize(Store, seed);
        }
    }

    /// <summary>A product of the frozen model with what the adapter adds to it.</summary>
    /// <param name="product">x W^T, [rows, rows of the leaf].</param>
    /// <param name="input">x, [rows, columns], in the compute type.</param>
    /// <param name="weight">The leaf.</param>
    /// <param name="pass">The forward pass; receives losses and statistics of routers.</param>
    internal Tensor AddTo(Tensor product, Tensor input, Parameter weight, ForwardPass pass)
    {
        if (weight.Store != _frozen || !_byLeaf.TryGetValue(weight.Leaf, out LeafUpdates? updates))
        {
            return product;
        }

        if (updates.Rows.Length == 1)
        {
            return product.Plus(updates.OfParts[0]!.Of(input, pass));
        }

        Tensor[] parts = product.split(updates.Rows, 1);
        return cat([.. parts.Select((part, index) => updates.OfParts[index] is { } update ? part.Plus(update.Of(input, pass)) : part)], 1);
    }

    /// <summary>The factors as they are, to be written or run.</summary>
    /// <param name="path">Name for messages.</param>
    internal LoraAdapter ToAdapter(string path)
    {
        Dictionary<string, LowRankUpdate> plain = new(StringComparer.Ordinal);
        Dictionary<string, LoraExpertBank> banks = new(StringComparer.Ordinal);
        foreach (AdapterUpdate update in _updates)
        {
            string name = update.Tensor.Name;
            float[] a = [.. Store.Span(AdapterUpdate.FirstName(name))];
            float[] b = [.. Store.Span(AdapterUpdate.SecondName(name))];
            if (Options.IsRouted)
            {
                float[] router = [.. Store.Span(AdapterUpdate.RouterName(name))];
                banks.Add(name, new LoraExpertBank(a, b, router, Options.Experts, Options.TopK, Options.Rank, Options.Scale, Options.NormalizeTopK));
            }
            else
            {
                plain.Add(name, new LowRankUpdate(a, b, Options.Rank, Options.Scale));
            }
        }

        return new LoraAdapter(path, plain, banks);
    }

    private static List<AdaptableModule> Resolve(AdapterOptions options, ModelConfig config)
    {
        IReadOnlyList<AdaptableModule> all = AdaptableModule.Of(config);
        foreach (string target in options.Targets)
        {
            AdaptableModule[] meant = [.. all.Where(module => module.IsMeantBy(target))];
            if (meant.Length == 0)
            {
                string known = string.Join(", ", all.Where(module => Obstacle(module, options) is null).Select(module => module.Name[(module.Name.LastIndexOf('.') + 1)..]).Distinct());
                throw new InvalidInputException($"adapter.targets: \"{target}\" means no matrix of the model ({config.Family}) that an adapter may change; those are: {known}.");
            }

            foreach (AdaptableModule module in meant)
            {
                if (Obstacle(module, options) is { } obstacle)
                {
                    throw new InvalidInputException($"adapter.targets: \"{target}\" means {module.Name}, which cannot be adapted here: {obstacle}.");
                }

                if (options.Rank > Math.Min(module.Tensor.Rows, module.Tensor.Columns))
                {
                    throw new InvalidInputException($"adapter.rank: {options.Rank} is more than {module.Name} of {module.Tensor.ShapeText} can have.");
                }
            }
        }

        return [.. all.Where(module => options.Targets.Any(module.IsMeantBy))];
    }

    private static string? Obstacle(AdaptableModule module, AdapterOptions options) => module.Obstacle
        ?? (module.Tensor.Role == TensorRole.Head ? "the trainer computes the head and its gradient by hand"
            : options.IsRouted && module.Tensor.Expert >= 0 ? "it belongs to an expert, and experts of experts are not trained"
            : null);

    /// <inheritdoc/>
    public void Dispose() => Store.Dispose();

    /// <summary>What the parameters of one leaf of the frozen model get.</summary>
    /// <param name="Rows">Rows of each.</param>
    /// <param name="OfParts">The update of each; null for those that stay as they are.</param>
    private sealed record LeafUpdates(long[] Rows, AdapterUpdate?[] OfParts);
}
