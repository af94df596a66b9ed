using System.Runtime.InteropServices;
using Moiety.Models;
using Moiety.Models.Configuration;
using Moiety.Numerics.Randomness;
using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Routing.Gates;

/// <summary>
/// Hash layers (Roller et al., arXiv 2106.04426): the expert of a token is looked up by its id in a table that is made once and never learned;
/// its weight is 1. The table is a parameter that gets no gradient, so that it travels with every checkpoint.
/// </summary>
internal sealed class HashGate : IGate
{
    private readonly HashOptions _options;
    private readonly GateSite _site;
    private readonly string _table;

    /// <summary>Declares the table.</summary>
    internal HashGate(HashOptions options, GateSite site)
    {
        _options = options;
        _site = site;
        _table = TensorNames.ExpertTable(site.Layer);
        site.Store.Declare((_table, site.Vocabulary, 0));
    }

    /// <inheritdoc/>
    public void Initialize(GateStart start)
    {
        Span<float> table = _site.Store.Span(_table);
        if (!_options.IsBalanced)
        {
            ExpertTables.FillRandom(table, _site.Config.ExpertCount, _options.Seed ?? start.Seed, _site.Layer);
            return;
        }

        if (start.TokenCounts is null)
        {
            throw new InvalidInputException($"Layer {_site.Layer}: a balanced table of hash routing counts the tokens of the training corpus, and there is none.");
        }

        ExpertTables.FillBalanced(table, _site.Config.ExpertCount, start.TokenCounts());
    }

    /// <inheritdoc/>
    public ExpertRouting Route(GateInput input)
    {
        ReadOnlySpan<float> table = _site.Store.Span(_table);
        long[] ids = HostValues.ReadIds(input.TokenIds ?? throw new InvalidOperationException("Hash routing needs the token ids of the pass."));
        ExpertChoices choices = new(ids.Length, _site.Config.ExpertCount, 1);
        for (int token = 0; token < ids.Length; token++)
        {
            if (input.Used.IsEmpty || input.Used.Span[token])
            {
                choices.Chosen[token] = ExpertOf(table, ids[token]);
            }
        }

        if (input.Capacity is { } capacity)
        {
            Xoshiro256 random = input.Random(RandomPurposes.Drop);
            choices.Limit(capacity, new float[ids.Length * _site.Config.ExpertCount], input.UsedTokens, ref random);
        }

        RoutingTable routing = choices.Sort();
        Tensor weights = ones(routing.Tokens.Length, dtype: ScalarType.Float32, device: input.Rows.device);
        return new TableRouting(routing, _site.Config.WeightScale == 1 ? weights : weights.Times(_site.Config.WeightScale))
        {
            Statistics = new RouterStatistics(_site.Layer, ImmutableCollectionsMarshal.AsImmutableArray(routing.ChosenCounts), routing.Dropped),
        };
    }

    /// <inheritdoc/>
    public void AfterStep()
    {
    }

    private int ExpertOf(ReadOnlySpan<float> table, long id)
    {
        float expert = table[(int)id];
        return expert >= 0 && expert < _site.Config.ExpertCount && expert == MathF.Floor(expert)
            ? (int)expert
            : throw new InvalidInputException(
                $"{_table}: token id {id} has the expert {expert}, which is none of the layer's {_site.Config.ExpertCount}: the table is damaged, or was made for another model.");
    }
}
